use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    errors::RegistryError,
    events::{envelope, ParamsSet},
    state::{Params, Registry},
};

#[derive(Accounts)]
pub struct SetParams<'info> {
    pub authority: Signer<'info>,
    #[account(
        mut,
        seeds = [seeds::REGISTRY],
        bump = registry.bump,
        has_one = authority @ RegistryError::Unauthorized,
    )]
    pub registry: Box<Account<'info, Registry>>,
}

pub(crate) fn handler(ctx: Context<SetParams>, params: Params) -> Result<()> {
    params.validate()?;
    let registry = &mut ctx.accounts.registry;
    registry.params = params;
    emit!(ParamsSet { envelope: envelope(&mut registry.sequence, &Clock::get()?)?, params });
    Ok(())
}
