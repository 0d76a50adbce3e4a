use anchor_lang::prelude::*;

use crate::{errors::StakingError, events::AuthorityQueued, state::Pool};

/// The authority can hand over to a new authority, which signs too. The handover waits as long as
/// queued terms do. The authority itself as the next one cancels a handover.
#[derive(Accounts)]
pub struct QueueAuthority<'info> {
    pub authority: Signer<'info>,
    pub new_authority: Signer<'info>,
    #[account(mut, has_one = authority @ StakingError::NotAuthority)]
    pub pool: AccountLoader<'info, Pool>,
}

impl QueueAuthority<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let authority = ctx.accounts.new_authority.key();
        let mut pool = ctx.accounts.pool.load_mut()?;
        let (applies_slot, _) = pool.queue(clock.slot).ok_or(StakingError::Overflow)?;
        pool.next_authority = authority;
        pool.authority_slot = applies_slot;
        let envelope = pool.envelope(&clock)?;
        emit!(AuthorityQueued { envelope, authority, applies_slot });
        Ok(())
    }
}
