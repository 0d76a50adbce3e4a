use anchor_lang::prelude::*;
use job_registry::state::Registry;
use protocol::Envelope;
use staking::state::Pool;

use crate::{
    errors::{Checked, VerdictError},
    events::ParamsSet,
    state::{Config, Params},
};

#[derive(Accounts)]
pub struct SetParams<'info> {
    pub authority: Signer<'info>,
    #[account(mut, has_one = authority @ VerdictError::Unauthorized)]
    pub config: Account<'info, Config>,
    pub registry: Box<Account<'info, Registry>>,
    pub pool: AccountLoader<'info, Pool>,
}

pub(crate) fn handler(ctx: Context<SetParams>, params: Params) -> Result<()> {
    params.validate()?;
    params.require_deterrence(&ctx.accounts.registry, &*ctx.accounts.pool.load()?)?;
    let config = &mut ctx.accounts.config;
    config.params = params;
    emit!(ParamsSet {
        envelope: Envelope::next(&mut config.sequence, &Clock::get()?).checked()?,
        params,
    });
    Ok(())
}
