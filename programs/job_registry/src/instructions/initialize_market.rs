use anchor_lang::prelude::*;
use protocol::{addresses::DEPLOYER, seeds};
use staking::state::Terms;

use crate::{
    errors::{Checked, RegistryError},
    state::Market,
};

#[derive(Accounts)]
pub struct InitializeMarket<'info> {
    #[account(mut, address = DEPLOYER @ RegistryError::Unauthorized)]
    pub deployer: Signer<'info>,
    #[account(constraint = terms.load()?.is_current() @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
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
    market.epoch = ctx.accounts.terms.load()?.window(Clock::get()?.slot).checked()?;
    market.bump = ctx.bumps.market;
    Ok(())
}
