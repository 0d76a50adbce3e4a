use anchor_lang::prelude::*;
use protocol::economics::{held_kappa, Deterrence, Sampling, Traps};
#[cfg(feature = "idl-build")]
use protocol::{addresses, seeds};

use crate::{
    errors::StakingError,
    events::ParamsSet,
    state::{Params, Pool},
};

/// The authority can set the parameters.
#[derive(Accounts)]
pub struct SetParams<'info> {
    pub authority: Signer<'info>,
    #[account(mut, has_one = authority @ StakingError::NotAuthority)]
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: the registry, or its address before it exists
    #[cfg_attr(
        feature = "idl-build",
        account(seeds = [seeds::REGISTRY], bump, seeds::program = addresses::JOB_REGISTRY)
    )]
    pub registry: UncheckedAccount<'info>,
    /// CHECK: verdict's config, or its address before it exists
    #[cfg_attr(
        feature = "idl-build",
        account(seeds = [seeds::CONFIG], bump, seeds::program = addresses::VERDICT)
    )]
    pub verdict_config: UncheckedAccount<'info>,
}

impl SetParams<'_> {
    fn require_traps(&self, slash_burn_bps: u64) -> Result<()> {
        let traps = Traps::held(&self.verdict_config).ok_or(StakingError::WrongConfig)?;
        let Some(traps) = traps else { return Ok(()) };
        let deterred = traps.deter(slash_burn_bps).ok_or(StakingError::Overflow)?;
        require!(deterred, StakingError::TrapsTooWeak);
        Ok(())
    }

    fn require_deterrence(&self, slash_burn_bps: u64) -> Result<()> {
        let kappa = held_kappa(&self.registry).ok_or(StakingError::WrongConfig)?;
        let sampling = Sampling::held(&self.verdict_config).ok_or(StakingError::WrongConfig)?;
        let Some((kappa, sampling)) = kappa.zip(sampling) else { return Ok(()) };
        let deterrence = Deterrence { sampling, slash_burn_bps, kappa };
        let weakness = deterrence.weakness().ok_or(StakingError::Overflow)?;
        require!(weakness.is_none(), StakingError::SlashBurnTooLow);
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, params: Params) -> Result<()> {
        params.validate()?;
        ctx.accounts.require_deterrence(params.slash_burn_bps)?;
        ctx.accounts.require_traps(params.slash_burn_bps)?;
        let mut pool = ctx.accounts.pool.load_mut()?;
        pool.params = params;
        let envelope = pool.envelope(&Clock::get()?)?;
        emit!(ParamsSet { envelope, params });
        Ok(())
    }
}
