use anchor_lang::prelude::*;
use job_registry::state::{Job, JobState};

use crate::{
    errors::VerdictError,
    events::PartialAdopted,
    state::{State, Verdict},
};

/// Anyone may crank. The registry ended a job that nobody continued, and its stages will be judged.
#[derive(Accounts)]
pub struct AdoptPartial<'info> {
    pub cranker: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    pub job: AccountLoader<'info, Job>,
}

fn validate(verdict: &Verdict, job_key: &Pubkey, job: &Job) -> Result<()> {
    require_keys_eq!(verdict.job, *job_key, VerdictError::JobMismatch);
    verdict.require(State::Committing)?;
    require!(job.is(JobState::Committed), VerdictError::NothingToAdopt);
    Ok(())
}

pub(crate) fn handler(ctx: Context<AdoptPartial>) -> Result<()> {
    let job = ctx.accounts.job.load()?;
    let mut verdict = ctx.accounts.verdict.load_mut()?;
    validate(&verdict, &ctx.accounts.job.key(), &job)?;
    verdict.committed(job.committed_slot);
    verdict.record_crank(ctx.accounts.cranker.key())?;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(PartialAdopted {
        envelope,
        job: verdict.job,
        committed_slot: verdict.committed_slot,
        last: verdict.covered(),
    });
    Ok(())
}
