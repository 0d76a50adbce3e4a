use anchor_lang::prelude::*;

use crate::{errors::StakingError, events::AuthoritySet, state::Pool};

/// Anybody can complete a handover of the authority from its slot on.
#[derive(Accounts)]
pub struct ApplyAuthority<'info> {
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
}

impl ApplyAuthority<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let mut pool = ctx.accounts.pool.load_mut()?;
        let authority = pool.next_authority;
        require_keys_neq!(authority, Pubkey::default(), StakingError::NothingQueued);
        require!(clock.slot >= pool.authority_slot, StakingError::StillQueued);
        pool.authority = authority;
        pool.next_authority = Pubkey::default();
        let envelope = pool.envelope(&clock)?;
        emit!(AuthoritySet { envelope, authority });
        Ok(())
    }
}
