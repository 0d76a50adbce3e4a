use anchor_lang::prelude::*;
use job_registry::state::{Job, JobState};
use protocol::seeds;

use crate::{
    errors::VerdictError,
    events::VerdictOpened,
    state::{Verdict, TRACE_COMMITMENT},
};

#[derive(Accounts)]
pub struct OpenVerdict<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(
        init,
        payer = owner,
        space = Verdict::SPACE,
        seeds = [seeds::VERDICT, job.key().as_ref()],
        bump,
    )]
    pub verdict: AccountLoader<'info, Verdict>,
    pub job: AccountLoader<'info, Job>,
    pub system_program: Program<'info, System>,
}

fn validate(job: &Job, provider: &Pubkey) -> Result<()> {
    require!(job.is(JobState::Claimed), VerdictError::WrongState);
    require_keys_eq!(job.lease.provider, *provider, VerdictError::NotLeaseholder);
    Ok(())
}

pub(crate) fn handler(ctx: Context<OpenVerdict>) -> Result<()> {
    let provider = ctx.accounts.owner.key();
    let job = ctx.accounts.job.load()?;
    validate(&job, &provider)?;

    // every field not set here starts at zero, as the account does
    let mut verdict = ctx.accounts.verdict.load_init()?;
    verdict.job = ctx.accounts.job.key();
    verdict.graph = job.graph;
    verdict.buyer = job.buyer;
    verdict.payer = provider;
    verdict.salt_commitment = job.salt_commitment;
    verdict.verification_fee = job.verification_fee;
    verdict.tip = job.tip;
    verdict.macs = job.macs;
    verdict.operators = job.operators;
    verdict.kind = TRACE_COMMITMENT;
    verdict.k = job.verifiers;
    verdict.bump = ctx.bumps.verdict;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(VerdictOpened { envelope, job: verdict.job, provider });
    Ok(())
}
