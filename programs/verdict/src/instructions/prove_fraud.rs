use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};
use protocol::{creation, seeds};
use referee::Judgement;
use solana_sha256_hasher::hashv;

use crate::{
    errors::{Checked, VerdictError},
    events::FraudProven,
    state::{initialised, Buffer, Receipt, Ticket, Verdict},
};

/// The referee recomputes one element from `buffer`'s bytes and `tail`. Without a ticket the
/// challenger's own revealed ballot must reject that element.
#[derive(Accounts)]
pub struct ProveFraud<'info> {
    pub challenger: Signer<'info>,
    /// Pays the receipt's rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    pub job: AccountLoader<'info, Job>,
    pub graph: AccountLoader<'info, Graph>,
    #[account(
        has_one = challenger @ VerdictError::Unauthorized,
        has_one = job @ VerdictError::JobMismatch,
    )]
    pub buffer: AccountLoader<'info, Buffer>,
    pub ticket: Option<AccountLoader<'info, Ticket>>,
    /// CHECK: the handler creates it; the seeds are stated for the IDL alone
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [seeds::RECEIPT, job.key().as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub receipt: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

/// Operator and element.
type Place = (u32, u32);

impl ProveFraud<'_> {
    fn validate(&self, place: Place, salt: &[u8; 32], slot: u64) -> Result<()> {
        let (verdict, challenger) = (self.verdict.load()?, self.challenger.key());
        require_keys_eq!(verdict.job, self.job.key(), VerdictError::JobMismatch);
        require_keys_eq!(verdict.graph, self.graph.key(), VerdictError::JobMismatch);
        verdict.require_challengeable(slot)?;
        match &self.ticket {
            Some(ticket) => {
                ticket.load()?.require_for(&verdict.job, &challenger, place, salt, slot)
            }
            None => {
                require!(verdict.has_rejected(&challenger, place), VerdictError::NotEntitled);
                Ok(())
            }
        }
    }

    fn judge(&self, place: Place, evidence: &[u8]) -> Result<Judgement> {
        self.verdict.load()?.judge(&*self.job.load()?, &*self.graph.load()?, place, evidence)
    }

    /// Creates the receipt at its canonical address; gives the bump.
    fn create(&self) -> Result<u8> {
        let job = self.job.key();
        let bump =
            creation::canonical_bump(self.receipt.key, &[seeds::RECEIPT, job.as_ref()], &crate::ID)
                .ok_or(ErrorCode::ConstraintSeeds)?;
        let seeds: [&[u8]; 3] = [seeds::RECEIPT, job.as_ref(), &[bump]];
        creation::create(&self.payer, &self.receipt, &crate::ID, Receipt::SPACE, &seeds)?;
        Ok(bump)
    }
}

pub(crate) fn handler(
    ctx: Context<ProveFraud>,
    operator: u32,
    element: u32,
    salt: [u8; 32],
    tail: Vec<u8>,
) -> Result<()> {
    let accounts = ctx.accounts;
    let (clock, challenger) = (Clock::get()?, accounts.challenger.key());
    accounts.validate((operator, element), &salt, clock.slot)?;
    let evidence = Buffer::completed(accounts.buffer.as_ref(), &tail)?;
    let judgement = accounts.judge((operator, element), &evidence)?;
    let mut verdict = accounts.verdict.load_mut()?;
    let stage = verdict.convict(&judgement, challenger, clock.slot)?;

    let bump = accounts.create()?;
    let mut data = accounts.receipt.try_borrow_mut_data()?;
    let receipt: &mut Receipt = initialised(&mut data).checked()?;
    receipt.job = verdict.job;
    receipt.graph = verdict.graph;
    receipt.input_root = accounts.job.load()?.input_root;
    receipt.provider = stage.provider;
    receipt.stage_root = stage.root;
    receipt.challenger = challenger;
    receipt.evidence = hashv(&[&evidence]).to_bytes();
    receipt.slot = clock.slot;
    receipt.operator = operator;
    receipt.element = element;
    receipt.expected = judgement.expected;
    receipt.committed = judgement.committed;
    receipt.stage = verdict.fraud.stage;
    receipt.bump = bump;
    emit!(FraudProven {
        envelope: verdict.next_envelope(&clock)?,
        job: receipt.job,
        challenger,
        provider: receipt.provider,
        stage: receipt.stage,
        operator,
        element,
        expected: receipt.expected,
        committed: receipt.committed,
        evidence: receipt.evidence,
    });
    Ok(())
}
