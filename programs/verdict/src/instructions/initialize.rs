use anchor_lang::prelude::*;
use job_registry::state::Registry;
use protocol::{addresses::DEPLOYER, seeds, Envelope};
use staking::state::Pool;

use crate::{
    errors::{Checked, VerdictError},
    events::Initialized,
    state::{Config, Params},
};

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut, address = DEPLOYER @ VerdictError::Unauthorized)]
    pub deployer: Signer<'info>,
    #[account(init, payer = deployer, space = Config::SPACE, seeds = [seeds::CONFIG], bump)]
    pub config: Account<'info, Config>,
    pub registry: Box<Account<'info, Registry>>,
    pub pool: AccountLoader<'info, Pool>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<Initialize>, authority: Pubkey, params: Params) -> Result<()> {
    params.validate()?;
    params.require_deterrence(&ctx.accounts.registry, &*ctx.accounts.pool.load()?)?;
    let config = &mut ctx.accounts.config;
    config.set_inner(Config { authority, params, sequence: 0, bump: ctx.bumps.config });
    emit!(Initialized {
        envelope: Envelope::next(&mut config.sequence, &Clock::get()?).checked()?,
        authority,
        params,
    });
    Ok(())
}
