use anchor_lang::prelude::*;
use protocol::{addresses::DEPLOYER, seeds};

use crate::{
    errors::RegistryError,
    state::{Market, Registry},
};

#[derive(Accounts)]
pub struct InitializeMarket<'info> {
    #[account(mut, address = DEPLOYER @ RegistryError::Unauthorized)]
    pub deployer: Signer<'info>,
    #[account(seeds = [seeds::REGISTRY], bump = registry.bump)]
    pub registry: Box<Account<'info, Registry>>,
    #[account(
        init,
        payer = deployer,
        space = 8 + Market::INIT_SPACE,
        seeds = [seeds::MARKET],
        bump,
    )]
    pub market: Account<'info, Market>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<InitializeMarket>) -> Result<()> {
    let market = &mut ctx.accounts.market;
    market.epoch = ctx.accounts.registry.params.epoch(Clock::get()?.slot)?;
    market.bump = ctx.bumps.market;
    Ok(())
}
