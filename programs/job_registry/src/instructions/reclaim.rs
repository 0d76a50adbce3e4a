use anchor_lang::prelude::*;
use protocol::{addresses, seeds};

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
    /// CHECK: must be the empty address of the job's verdict
    #[account(
        seeds = [seeds::VERDICT, job.key().as_ref()],
        bump,
        seeds::program = addresses::VERDICT,
        constraint = verdict.data_is_empty() @ RegistryError::VerdictOpen,
    )]
    pub verdict: UncheckedAccount<'info>,
}

pub(crate) fn handler(ctx: Context<Reclaim>) -> Result<()> {
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    require!(job.has_ended(), RegistryError::JobNotEnded);
    emit!(JobClosed {
        envelope: envelope(&mut job.sequence, &Clock::get()?)?,
        job: key,
        buyer: job.buyer,
        id: job.id,
    });
    Ok(())
}
