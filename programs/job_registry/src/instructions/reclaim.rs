use anchor_lang::prelude::*;
use protocol::{addresses, creation::canonical_bump, seeds};

use crate::{
    errors::RegistryError,
    events::{envelope, JobClosed},
    state::Job,
};

#[derive(Accounts)]
pub struct Reclaim<'info> {
    #[account(mut)]
    pub buyer: Signer<'info>,
    #[account(mut, has_one = buyer @ RegistryError::Unauthorized, close = buyer)]
    pub job: AccountLoader<'info, Job>,
    /// CHECK: must be the empty address of the job's escrow
    #[account(
        seeds = [seeds::ESCROW, job.key().as_ref()],
        bump = job.load()?.escrow_bump,
        seeds::program = addresses::ESCROW,
        constraint = escrow.data_is_empty() @ RegistryError::EscrowOpen,
    )]
    pub escrow: UncheckedAccount<'info>,
    /// CHECK: validate derives it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(
            seeds = [seeds::VERDICT, job.key().as_ref()],
            bump,
            seeds::program = addresses::VERDICT,
        )
    )]
    pub verdict: UncheckedAccount<'info>,
}

impl Reclaim<'_> {
    /// Checks that the job has ended, and that its verdict is closed or never existed.
    fn validate(&self) -> Result<()> {
        let job = self.job.key();
        let seeds: [&[u8]; 2] = [seeds::VERDICT, job.as_ref()];
        canonical_bump(self.verdict.key, &seeds, &addresses::VERDICT)
            .ok_or(ErrorCode::ConstraintSeeds)?;
        require!(self.verdict.data_is_empty(), RegistryError::VerdictOpen);
        require!(self.job.load()?.has_ended(), RegistryError::JobNotEnded);
        Ok(())
    }
}

pub(crate) fn handler(ctx: Context<Reclaim>) -> Result<()> {
    ctx.accounts.validate()?;
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    emit!(JobClosed {
        envelope: envelope(&mut job.sequence, &Clock::get()?)?,
        job: key,
        buyer: job.buyer,
        id: job.id,
    });
    Ok(())
}
