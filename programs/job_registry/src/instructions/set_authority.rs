use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    errors::RegistryError,
    events::{envelope, AuthoritySet},
    state::Registry,
};

#[derive(Accounts)]
pub struct SetAuthority<'info> {
    pub authority: Signer<'info>,
    /// Signs as well, so that the authority cannot go to a key that nobody holds.
    pub new_authority: Signer<'info>,
    #[account(
        mut,
        seeds = [seeds::REGISTRY],
        bump = registry.bump,
        has_one = authority @ RegistryError::Unauthorized,
    )]
    pub registry: Box<Account<'info, Registry>>,
}

pub(crate) fn handler(ctx: Context<SetAuthority>) -> Result<()> {
    let registry = &mut ctx.accounts.registry;
    registry.authority = ctx.accounts.new_authority.key();
    emit!(AuthoritySet {
        envelope: envelope(&mut registry.sequence, &Clock::get()?)?,
        authority: registry.authority,
    });
    Ok(())
}
