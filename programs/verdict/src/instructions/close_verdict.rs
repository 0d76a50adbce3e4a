use anchor_lang::prelude::*;
use job_registry::state::{Job, JobState};

use crate::{
    errors::VerdictError,
    events::VerdictClosed,
    state::{State, Verdict},
};

/// Anyone may crank. The rent goes back to the party that paid it.
#[derive(Accounts)]
pub struct CloseVerdict<'info> {
    #[account(mut, close = payer)]
    pub verdict: AccountLoader<'info, Verdict>,
    /// CHECK: the recorded payer; receives lamports.
    #[account(mut, address = verdict.load()?.payer @ VerdictError::Unauthorized)]
    pub payer: UncheckedAccount<'info>,
    pub job: AccountLoader<'info, Job>,
}

fn validate(verdict: &Verdict, job_key: &Pubkey, job: &Job) -> Result<()> {
    require_keys_eq!(verdict.job, *job_key, VerdictError::JobMismatch);
    // a job that ended before anything was committed never needs a verdict
    if !(job.is(JobState::Cancelled) || job.is(JobState::Expired)) {
        verdict.require(State::Settled)?;
    }
    verdict.require_ballots_ended()
}

pub(crate) fn handler(ctx: Context<CloseVerdict>) -> Result<()> {
    let mut verdict = ctx.accounts.verdict.load_mut()?;
    let job = ctx.accounts.job.load()?;
    validate(&verdict, &ctx.accounts.job.key(), &job)?;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(VerdictClosed { envelope, job: verdict.job });
    Ok(())
}
