use anchor_lang::prelude::*;
use protocol::{
    economics::{Deterrence, Sampling},
    seeds,
};
use staking::state::Pool;

use crate::{
    errors::{Checked, RegistryError},
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
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: verdict's config, or its address before it exists
    #[cfg_attr(
        feature = "idl-build",
        account(seeds = [seeds::CONFIG], bump, seeds::program = protocol::addresses::VERDICT)
    )]
    pub verdict_config: UncheckedAccount<'info>,
}

impl SetParams<'_> {
    fn require_deterrence(&self, kappa: u16) -> Result<()> {
        let held = Sampling::held(&self.verdict_config).ok_or(RegistryError::WrongConfig)?;
        let Some(sampling) = held else { return Ok(()) };
        let slash_burn_bps = self.pool.load()?.params.slash_burn_bps;
        let deterrence = Deterrence { sampling, slash_burn_bps, kappa };
        require!(deterrence.weakness().checked()?.is_none(), RegistryError::KappaTooLow);
        Ok(())
    }
}

pub(crate) fn handler(ctx: Context<SetParams>, params: Params) -> Result<()> {
    params.validate()?;
    ctx.accounts.require_deterrence(params.kappa)?;
    let registry = &mut ctx.accounts.registry;
    registry.params = params;
    emit!(ParamsSet { envelope: envelope(&mut registry.sequence, &Clock::get()?)?, params });
    Ok(())
}
