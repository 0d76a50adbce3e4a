use anchor_lang::prelude::*;

use crate::{
    errors::StakingError,
    events::TermsCancelled,
    state::{Pool, Terms, TermsState},
};

/// The authority can cancel queued terms, and anybody can once they have lapsed. The rent goes to
/// the authority.
#[derive(Accounts)]
pub struct CancelTerms<'info> {
    pub signer: Signer<'info>,
    #[account(mut, has_one = authority @ StakingError::NotAuthority)]
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: the pool names it; it receives the rent
    #[account(mut)]
    pub authority: UncheckedAccount<'info>,
    #[account(
        mut,
        close = authority,
        constraint = terms.load()?.is(TermsState::Queued) @ StakingError::WrongTerms,
    )]
    pub terms: AccountLoader<'info, Terms>,
}

impl CancelTerms<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let (version, lapses_slot) = {
            let terms = accounts.terms.load()?;
            (terms.version, terms.lapses_slot)
        };
        let entitled = accounts.signer.key() == accounts.authority.key();
        require!(entitled || clock.slot > lapses_slot, StakingError::NotAuthority);
        let envelope = accounts.pool.load_mut()?.envelope(&clock)?;
        emit!(TermsCancelled { envelope, version });
        Ok(())
    }
}
