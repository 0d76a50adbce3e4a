use anchor_lang::prelude::*;

use crate::{errors::StakingError, events::AuthoritySet, state::Pool};

/// The authority can hand over to a new authority, which signs too.
#[derive(Accounts)]
pub struct SetAuthority<'info> {
    pub authority: Signer<'info>,
    pub new_authority: Signer<'info>,
    #[account(mut, has_one = authority @ StakingError::NotAuthority)]
    pub pool: AccountLoader<'info, Pool>,
}

impl SetAuthority<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let authority = ctx.accounts.new_authority.key();
        let mut pool = ctx.accounts.pool.load_mut()?;
        pool.authority = authority;
        let envelope = pool.envelope(&Clock::get()?)?;
        emit!(AuthoritySet { envelope, authority });
        Ok(())
    }
}
