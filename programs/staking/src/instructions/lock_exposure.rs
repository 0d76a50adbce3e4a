use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    errors::StakingError,
    events::ExposureLocked,
    state::{Exposure, Position},
};

/// The registry and verdict can expose free stake to a job when its owner signs too, and each
/// owner once a job: the account that a released exposure leaves bars the next one.
#[derive(Accounts)]
pub struct LockExposure<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(constraint = Exposure::is_locker(authority.key) @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    /// CHECK: the calling program answers for what it names a job
    pub job: UncheckedAccount<'info>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(
        init,
        payer = owner,
        space = Exposure::SPACE,
        seeds = [seeds::EXPOSURE, job.key.as_ref(), owner.key.as_ref()],
        bump,
    )]
    pub exposure: AccountLoader<'info, Exposure>,
    pub system_program: Program<'info, System>,
}

impl LockExposure<'_> {
    pub fn handler(ctx: Context<Self>, amount: u64, bond: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mut position = accounts.position.load_mut()?;
        let mut exposure = accounts.exposure.load_init()?;
        exposure.job = accounts.job.key();
        exposure.owner = position.owner;
        exposure.authority = accounts.authority.key();
        exposure.amount = amount;
        exposure.bond = bond;
        exposure.locked_slot = clock.slot;
        exposure.bump = ctx.bumps.exposure;
        position.expose(exposure.total().ok_or(StakingError::Overflow)?)?;
        emit!(ExposureLocked {
            envelope: position.envelope(&clock)?,
            job: exposure.job,
            owner: exposure.owner,
            amount,
            bond,
            exposed: position.exposed,
        });
        Ok(())
    }
}
