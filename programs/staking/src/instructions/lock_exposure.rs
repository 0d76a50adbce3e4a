use anchor_lang::prelude::*;
use protocol::{creation, seeds};

use crate::{
    errors::StakingError,
    events::ExposureLocked,
    state::{Exposure, Position},
};

/// The registry, verdict and redundancy can expose free stake to a job when its owner, or the
/// owner's operator within its budget, signs too. Verdict exposes collateral.
/// Each owner can be exposed once per job: the account that a released exposure leaves behind
/// prevents another one.
#[derive(Accounts)]
pub struct LockExposure<'info> {
    #[account(mut)]
    pub signer: Signer<'info>,
    #[account(constraint = Exposure::is_locker(authority.key) @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    /// CHECK: the calling program is responsible for the address that it passes as a job
    pub job: UncheckedAccount<'info>,
    #[account(mut, constraint = position.load()?.acts(signer.key) @ StakingError::NotOperator)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [seeds::EXPOSURE, job.key.as_ref(), position.load()?.owner.as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub exposure: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl LockExposure<'_> {
    /// Creates the exposure and returns its bump.
    fn create(&self, owner: &Pubkey) -> Result<u8> {
        let (job, owner) = (self.job.key.as_ref(), owner.as_ref());
        let seeds: [&[u8]; 3] = [seeds::EXPOSURE, job, owner];
        let bump = creation::canonical_bump(self.exposure.key, &seeds, &crate::ID)
            .ok_or(ErrorCode::ConstraintSeeds)?;
        let seeds: [&[u8]; 4] = [seeds::EXPOSURE, job, owner, &[bump]];
        creation::create(&self.signer, &self.exposure, &crate::ID, Exposure::SPACE, &seeds)?;
        Ok(bump)
    }

    pub fn handler(ctx: Context<Self>, amount: u64, bond: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mut position = accounts.position.load_mut()?;
        let bump = accounts.create(&position.owner)?;
        let mut data = accounts.exposure.try_borrow_mut_data()?;
        let exposure = Exposure::initialised(&mut data).ok_or(StakingError::Overflow)?;
        exposure.job = accounts.job.key();
        exposure.owner = position.owner;
        exposure.authority = accounts.authority.key();
        exposure.payer = accounts.signer.key();
        exposure.by_operator = u8::from(exposure.payer != exposure.owner);
        exposure.ballot = u8::from(Exposure::backs_ballot(&exposure.authority));
        exposure.amount = amount;
        exposure.bond = bond;
        exposure.locked_slot = clock.slot;
        exposure.bump = bump;
        position.expose(exposure)?;
        emit!(ExposureLocked {
            envelope: position.envelope(&clock)?,
            job: exposure.job,
            owner: exposure.owner,
            amount,
            bond,
            exposed: position.exposed,
            ballot: exposure.ballot == 1,
            by_operator: exposure.by_operator == 1,
        });
        Ok(())
    }
}
