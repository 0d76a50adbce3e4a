use anchor_lang::prelude::*;
use job_registry::state::{Job, JobState};
use protocol::{creation, seeds};

use crate::{
    errors::{Checked, VerdictError},
    events::VerdictOpened,
    state::{initialised, ProofKind, Verdict},
};

#[derive(Accounts)]
pub struct OpenVerdict<'info> {
    /// Pays the rent and gets it back.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [seeds::VERDICT, job.key().as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub verdict: UncheckedAccount<'info>,
    pub job: AccountLoader<'info, Job>,
    pub system_program: Program<'info, System>,
}

impl OpenVerdict<'_> {
    fn validate(&self, job: &Job) -> Result<()> {
        require!(job.is(JobState::Claimed), VerdictError::WrongState);
        Ok(())
    }

    /// Creates the verdict at its canonical address and returns the bump.
    fn create(&self) -> Result<u8> {
        let job = self.job.key();
        let bump =
            creation::canonical_bump(self.verdict.key, &[seeds::VERDICT, job.as_ref()], &crate::ID)
                .ok_or(ErrorCode::ConstraintSeeds)?;
        let seeds: [&[u8]; 3] = [seeds::VERDICT, job.as_ref(), &[bump]];
        creation::create(&self.payer, &self.verdict, &crate::ID, Verdict::SPACE, &seeds)?;
        Ok(bump)
    }
}

pub(crate) fn handler(ctx: Context<OpenVerdict>) -> Result<()> {
    let accounts = ctx.accounts;
    let job = accounts.job.load()?;
    accounts.validate(&job)?;
    let bump = accounts.create()?;

    // fields that are not set here start at zero, like the whole account
    let mut data = accounts.verdict.try_borrow_mut_data()?;
    let verdict: &mut Verdict = initialised(&mut data).checked()?;
    verdict.job = accounts.job.key();
    verdict.graph = job.graph;
    verdict.buyer = job.buyer;
    verdict.payer = accounts.payer.key();
    verdict.terms = job.terms;
    verdict.salt_commitment = job.salt_commitment;
    verdict.verification_fee = job.verification_fee;
    verdict.tip = job.tip;
    verdict.macs = job.macs;
    verdict.operators = job.operators;
    verdict.kind = ProofKind::TraceCommitment as u8;
    verdict.k = job.verifiers;
    verdict.bump = bump;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(VerdictOpened { envelope, job: verdict.job, terms: verdict.terms });
    Ok(())
}
