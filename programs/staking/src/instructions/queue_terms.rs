use anchor_lang::prelude::*;
use anchor_spl::token::TokenAccount;
use protocol::seeds;

use crate::{
    errors::StakingError,
    events::TermsQueued,
    state::{Parameters, Pool, Terms, TermsState},
};

/// The authority can queue the next terms, one version at a time. They wait until everybody who
/// disagrees can have left.
#[derive(Accounts)]
#[instruction(version: u16)]
pub struct QueueTerms<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, has_one = authority @ StakingError::NotAuthority)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(constraint = present.load()?.is_current() @ StakingError::WrongTerms)]
    pub present: AccountLoader<'info, Terms>,
    #[account(
        init,
        payer = authority,
        space = Terms::SPACE,
        seeds = [seeds::TERMS, &version.to_le_bytes()],
        bump,
    )]
    pub terms: AccountLoader<'info, Terms>,
    /// Token account that is to receive the treasury's share of the fees.
    #[account(constraint = treasury.mint == pool.load()?.mint @ StakingError::WrongTokenAccount)]
    pub treasury: Box<Account<'info, TokenAccount>>,
    pub system_program: Program<'info, System>,
}

impl QueueTerms<'_> {
    fn validate(&self, version: u16, parameters: &Parameters) -> Result<()> {
        let (pool, present) = (self.pool.load()?, self.present.load()?);
        require!(pool.terms.checked_add(1) == Some(version), StakingError::WrongTerms);
        parameters.validate(pool.checkpoint_slots)?;
        parameters.require_step_from(&present.parameters)
    }

    pub fn handler(ctx: Context<Self>, version: u16, parameters: Parameters) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(version, &parameters)?;
        let clock = Clock::get()?;
        let mut pool = accounts.pool.load_mut()?;
        let (applies_slot, lapses_slot) = pool.queue(clock.slot).ok_or(StakingError::Overflow)?;
        let mut terms = accounts.terms.load_init()?;
        terms.treasury = accounts.treasury.key();
        terms.parameters = parameters;
        terms.checkpoint_slots = pool.checkpoint_slots;
        terms.queued_slot = clock.slot;
        terms.applies_slot = applies_slot;
        terms.lapses_slot = lapses_slot;
        terms.version = version;
        terms.state = TermsState::Queued as u8;
        terms.bump = ctx.bumps.terms;
        emit!(TermsQueued {
            envelope: pool.envelope(&clock)?,
            version,
            applies_slot,
            lapses_slot,
            treasury: terms.treasury,
            parameters,
        });
        Ok(())
    }
}
