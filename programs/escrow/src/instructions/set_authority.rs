use anchor_lang::prelude::*;

use crate::{errors::EscrowError, events::AuthoritySet, state::Config};

/// The authority can hand over to a new authority, which signs too.
#[derive(Accounts)]
pub struct SetAuthority<'info> {
    pub authority: Signer<'info>,
    pub new_authority: Signer<'info>,
    #[account(mut, has_one = authority @ EscrowError::NotAuthority)]
    pub config: AccountLoader<'info, Config>,
}

impl SetAuthority<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let authority = ctx.accounts.new_authority.key();
        let mut config = ctx.accounts.config.load_mut()?;
        config.authority = authority;
        let envelope = config.envelope(&Clock::get()?)?;
        emit!(AuthoritySet { envelope, authority });
        Ok(())
    }
}
