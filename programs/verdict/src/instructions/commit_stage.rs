use anchor_lang::prelude::*;
use job_registry::{
    program::JobRegistry,
    state::{Graph, Job, JobState, Provider},
};
use protocol::{addresses::VERDICT_CPI, call::call};
use staking::state::{Position, Tenure, Terms, NO_SEAT};

use crate::{
    errors::{Checked, VerdictError},
    events::StageCommitted,
    state::{ProofKind, Stage, StageRange, Verdict},
    CPI_SIGNER,
};

#[derive(Accounts)]
pub struct CommitStage<'info> {
    /// The leaseholder or its operator.
    pub signer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    pub graph: AccountLoader<'info, Graph>,
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
    /// The provider's position. Its seat is never drawn for this job.
    #[account(constraint = position.load()?.acts(signer.key) @ VerdictError::Unauthorized)]
    pub position: AccountLoader<'info, Position>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub job_registry_program: Program<'info, JobRegistry>,
}

impl<'info> CommitStage<'info> {
    fn validate(&self, range: StageRange, kind: u8) -> Result<()> {
        require!(kind == ProofKind::TraceCommitment as u8, VerdictError::UnsupportedProofKind);
        let (verdict, job) = (self.verdict.load()?, self.job.load()?);
        require_keys_eq!(verdict.job, self.job.key(), VerdictError::JobMismatch);
        require_keys_eq!(verdict.graph, self.graph.key(), VerdictError::JobMismatch);
        require!(job.is(JobState::Claimed), VerdictError::WrongState);
        let owner = self.position.load()?.owner;
        require_keys_eq!(job.lease.provider, owner, VerdictError::NotLeaseholder);
        require_keys_eq!(self.provider.load()?.owner, owner, VerdictError::Unauthorized);
        range.validate(job.progress, job.operators)
    }

    /// Returns the multiply-adds of the operators in `range`.
    fn macs(&self, range: StageRange) -> Result<u64> {
        let graph = self.graph.load()?;
        let up_to = |end: u16| match usize::from(end).checked_sub(1) {
            Some(operator) => graph.cumulative_macs.get(operator).copied(),
            None => Some(0),
        };
        up_to(range.last)
            .zip(up_to(range.first))
            .and_then(|(to, from)| to.checked_sub(from))
            .checked()
    }

    /// Reports the stage to the registry, which enforces the lease's deadline.
    fn record(&self, last: u16, macs: u64) -> Result<()> {
        call(
            job_registry::ID,
            job_registry::accounts::RecordStage {
                authority: self.authority.key(),
                terms: self.terms.key(),
                job: self.job.key(),
                provider: self.provider.key(),
            },
            job_registry::instruction::RecordStage { last, macs_done: macs },
            &[
                self.authority.to_account_info(),
                self.terms.to_account_info(),
                self.job.to_account_info(),
                self.provider.to_account_info(),
            ],
            CPI_SIGNER,
        )
    }
}

/// Returns the provider's seat, which is never drawn for this job. An heir's seat is still another
/// owner's.
fn own_seat(position: &Position) -> u16 {
    if position.tenure == Tenure::Heir as u8 {
        NO_SEAT
    } else {
        position.seat
    }
}

pub(crate) fn handler(
    ctx: Context<CommitStage>,
    first: u16,
    last: u16,
    root: [u8; 32],
    kind: u8,
) -> Result<()> {
    let accounts = ctx.accounts;
    let range = StageRange { first, last };
    accounts.validate(range, kind)?;
    let macs = accounts.macs(range)?;
    let clock = Clock::get()?;
    {
        let mut verdict = accounts.verdict.load_mut()?;
        let lease = accounts.job.load()?.lease;
        let half_life = accounts.terms.load()?.parameters.job_registry.reputation_half_life_slots;
        verdict.commit(Stage {
            provider: lease.provider,
            root,
            slot: clock.slot,
            macs,
            price: lease.price,
            reputation: accounts.provider.load()?.reputation_at(clock.slot, half_life),
            first,
            last,
            seat: own_seat(&*accounts.position.load()?),
            attempt: lease.attempt,
            ..Stage::default()
        })?;
        let envelope = verdict.next_envelope(&clock)?;
        emit!(StageCommitted {
            envelope,
            job: verdict.job,
            provider: lease.provider,
            attempt: lease.attempt,
            kind,
            first,
            last,
            root,
            macs,
            stages: verdict.stage_count,
        });
    }
    accounts.record(last, macs)
}
