use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};
use referee::Judgement;
use solana_sha256_hasher::hashv;

use super::issuing::Issuing;
use crate::{
    errors::VerdictError,
    events::FraudProven,
    state::{Buffer, Reason, Ticket, Verdict},
};

/// The referee recomputes one element from `buffer`'s bytes and `tail`. Without a ticket, a revealed
/// ballot must reject that element. Its verifier then gets the bounty, whoever submits the proof.
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
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [protocol::seeds::RECEIPT, job.key().as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub receipt: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

/// Operator of the graph and element of its output.
type Place = (u32, u32);

impl ProveFraud<'_> {
    /// Returns the party that the bounty is for.
    fn validate(
        &self,
        place: Place,
        salt: &[u8; 32],
        ballot: Option<u8>,
        slot: u64,
    ) -> Result<Pubkey> {
        let (verdict, challenger) = (self.verdict.load()?, self.challenger.key());
        require_keys_eq!(verdict.job, self.job.key(), VerdictError::JobMismatch);
        require_keys_eq!(verdict.graph, self.graph.key(), VerdictError::JobMismatch);
        verdict.require_challengeable(slot)?;
        match (&self.ticket, ballot) {
            (Some(ticket), None) => {
                let ticket = ticket.load()?;
                ticket.require_for(&verdict.job, &challenger, place, salt, slot)?;
                Ok(ticket.beneficiary)
            }
            (None, Some(ballot)) => verdict.rejecter(ballot, place),
            _ => err!(VerdictError::NotEntitled),
        }
    }

    fn judge(&self, place: Place, evidence: &[u8]) -> Result<Judgement> {
        self.verdict.load()?.judge(&*self.job.load()?, &*self.graph.load()?, place, evidence)
    }
}

pub(crate) fn handler(
    ctx: Context<ProveFraud>,
    operator: u32,
    element: u32,
    salt: [u8; 32],
    ballot: Option<u8>,
    tail: Vec<u8>,
) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let beneficiary = accounts.validate((operator, element), &salt, ballot, clock.slot)?;
    let evidence = Buffer::completed(accounts.buffer.as_ref(), &tail)?;
    let judgement = accounts.judge((operator, element), &evidence)?;
    let mut verdict = accounts.verdict.load_mut()?;
    let stage = verdict.convict(&judgement, beneficiary, clock.slot)?;

    let issuing = Issuing {
        payer: &accounts.payer,
        receipt: &accounts.receipt,
        input_root: accounts.job.load()?.input_root,
    };
    let evidence = hashv(&[&evidence]).to_bytes();
    issuing.issue(&verdict, &stage, clock.slot, |receipt| {
        receipt.reason = Reason::WrongElement as u8;
        receipt.evidence = evidence;
        receipt.operator = operator;
        receipt.element = element;
        receipt.expected = judgement.expected;
        receipt.committed = judgement.committed;
    })?;
    emit!(FraudProven {
        envelope: verdict.next_envelope(&clock)?,
        job: verdict.job,
        challenger: beneficiary,
        provider: stage.provider,
        stage: verdict.fraud.stage,
        operator,
        element,
        expected: judgement.expected,
        committed: judgement.committed,
        evidence,
    });
    Ok(())
}
