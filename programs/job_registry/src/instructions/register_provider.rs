use anchor_lang::prelude::*;
use protocol::seeds;
use staking::state::Position;

use crate::{
    errors::RegistryError,
    events::{envelope, ProviderRegistered},
    state::{Capability, Provider},
};

#[derive(Accounts)]
pub struct RegisterProvider<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(has_one = owner @ RegistryError::WrongPosition)]
    pub position: AccountLoader<'info, Position>,
    #[account(
        init,
        payer = owner,
        space = Provider::SPACE,
        seeds = [seeds::PROVIDER, owner.key().as_ref()],
        bump,
    )]
    pub provider: AccountLoader<'info, Provider>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<RegisterProvider>, capability: Capability) -> Result<()> {
    capability.validate()?;
    let clock = Clock::get()?;
    let mut provider = ctx.accounts.provider.load_init()?;
    provider.register(ctx.accounts.owner.key(), clock.slot);
    provider.bump = ctx.bumps.provider;
    provider.declare(&capability);
    emit!(ProviderRegistered {
        envelope: envelope(&mut provider.sequence, &clock)?,
        owner: provider.owner,
        capability,
    });
    Ok(())
}
