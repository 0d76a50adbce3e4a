use anchor_lang::prelude::*;

use crate::{
    errors::StakingError,
    events::TermsApplied,
    state::{Pool, Terms, TermsState},
};

/// Anybody can apply queued terms from their slot on, within one further delay.
#[derive(Accounts)]
pub struct ApplyTerms<'info> {
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, constraint = present.load()?.is_current() @ StakingError::WrongTerms)]
    pub present: AccountLoader<'info, Terms>,
    #[account(mut, constraint = terms.load()?.is(TermsState::Queued) @ StakingError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
}

impl ApplyTerms<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mut pool = accounts.pool.load_mut()?;
        let mut present = accounts.present.load_mut()?;
        let mut terms = accounts.terms.load_mut()?;
        require!(clock.slot >= terms.applies_slot, StakingError::StillQueued);
        require!(clock.slot <= terms.lapses_slot, StakingError::QueueLapsed);
        // the emission until now is due at the old rate
        pool.accrue_emission(clock.slot).ok_or(StakingError::Overflow)?;
        pool.params = terms.parameters.staking;
        pool.terms = terms.version;
        present.state = TermsState::Superseded as u8;
        terms.state = TermsState::Current as u8;
        emit!(TermsApplied {
            envelope: pool.envelope(&clock)?,
            version: terms.version,
            emission_owed: pool.emission_owed,
        });
        Ok(())
    }
}
