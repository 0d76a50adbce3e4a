use anchor_lang::prelude::*;
use protocol::{creation, seeds};

use crate::{
    errors::StakingError,
    events::ExposureLocked,
    state::{Exposure, Position},
};

/// The registry, verdict and redundancy can expose free stake to a job when its owner signs too.
/// Each owner can be exposed once per job: the account that a released exposure leaves behind
/// prevents another one.
#[derive(Accounts)]
pub struct LockExposure<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(constraint = Exposure::is_locker(authority.key) @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    /// CHECK: the calling program is responsible for the address that it passes as a job
    pub job: UncheckedAccount<'info>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [seeds::EXPOSURE, job.key.as_ref(), owner.key.as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub exposure: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl LockExposure<'_> {
    /// Creates the exposure and returns its bump.
    fn create(&self) -> Result<u8> {
        let (job, owner) = (self.job.key.as_ref(), self.owner.key.as_ref());
        let seeds: [&[u8]; 3] = [seeds::EXPOSURE, job, owner];
        let bump = creation::canonical_bump(self.exposure.key, &seeds, &crate::ID)
            .ok_or(ErrorCode::ConstraintSeeds)?;
        let seeds: [&[u8]; 4] = [seeds::EXPOSURE, job, owner, &[bump]];
        creation::create(&self.owner, &self.exposure, &crate::ID, Exposure::SPACE, &seeds)?;
        Ok(bump)
    }

    pub fn handler(ctx: Context<Self>, amount: u64, bond: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let bump = accounts.create()?;
        let mut position = accounts.position.load_mut()?;
        let mut data = accounts.exposure.try_borrow_mut_data()?;
        let exposure = Exposure::initialised(&mut data).ok_or(StakingError::Overflow)?;
        exposure.job = accounts.job.key();
        exposure.owner = position.owner;
        exposure.authority = accounts.authority.key();
        exposure.amount = amount;
        exposure.bond = bond;
        exposure.locked_slot = clock.slot;
        exposure.bump = bump;
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
