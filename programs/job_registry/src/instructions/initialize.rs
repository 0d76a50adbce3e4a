use anchor_lang::prelude::*;
use protocol::{addresses::DEPLOYER, seeds};

use crate::{
    errors::RegistryError,
    events::{envelope, RegistryInitialized},
    state::{Params, Registry},
};

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut, address = DEPLOYER @ RegistryError::Unauthorized)]
    pub deployer: Signer<'info>,
    #[account(
        init,
        payer = deployer,
        space = 8 + Registry::INIT_SPACE,
        seeds = [seeds::REGISTRY],
        bump,
    )]
    pub registry: Box<Account<'info, Registry>>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
    params.validate()?;
    let registry = &mut ctx.accounts.registry;
    registry.set_inner(Registry { authority, params, sequence: 0, bump: ctx.bumps.registry });
    emit!(RegistryInitialized {
        envelope: envelope(&mut registry.sequence, &Clock::get()?)?,
        authority,
        params,
    });
    Ok(())
}
