use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};
use protocol::seeds;
use solana_sha256_hasher::hashv;

use crate::{
    errors::{Checked, VerdictError},
    events::FraudProven,
    state::{evidence, Buffer, Receipt, Ticket, Verdict},
};

/// Whoever named the element by a rejecting ballot or a ticket can prove it wrong.
#[derive(Accounts)]
pub struct ProveFraud<'info> {
    pub challenger: Signer<'info>,
    /// Pays for the receipt.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: AccountLoader<'info, Job>,
    #[account(address = verdict.load()?.graph @ VerdictError::JobMismatch)]
    pub graph: AccountLoader<'info, Graph>,
    #[account(has_one = challenger @ VerdictError::Unauthorized)]
    pub buffer: AccountLoader<'info, Buffer>,
    /// Not needed after a rejecting ballot.
    pub ticket: Option<Account<'info, Ticket>>,
    #[account(
        init,
        payer = payer,
        space = Receipt::SPACE,
        seeds = [seeds::RECEIPT, job.key().as_ref()],
        bump,
    )]
    pub receipt: AccountLoader<'info, Receipt>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(
    ctx: Context<ProveFraud>,
    operator: u32,
    element: u32,
    salt: [u8; 32],
    tail: Vec<u8>,
) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let challenger = accounts.challenger.key();
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.require_provable(clock.slot)?;
    let ticket = accounts.ticket.as_deref();
    verdict.require_right(&challenger, (operator, element), ticket, &salt, clock.slot)?;

    let evidence = evidence(accounts.buffer.as_ref(), &tail)?;
    let (job, graph) = (accounts.job.load()?, accounts.graph.load()?);
    let judged = verdict.judge(&job, &graph, (operator, element), &evidence)?;
    require!(judged.is_fraud(), VerdictError::ElementIsRight);
    let stage = *verdict.stages().get(judged.stage).checked()?;
    verdict.convict(judged.stage, challenger, clock.slot)?;

    let receipt = Receipt {
        job: verdict.job,
        graph: verdict.graph,
        challenger,
        provider: stage.provider,
        root: stage.root,
        evidence: hashv(&[&evidence]).to_bytes(),
        slot: clock.slot,
        operator,
        element,
        expected: judged.expected,
        committed: judged.committed,
        stage: verdict.convicted,
        bump: ctx.bumps.receipt,
        ..Receipt::default()
    };
    let envelope = verdict.next_envelope(&clock)?;
    emit!(FraudProven {
        envelope,
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
    *accounts.receipt.load_init()? = receipt;
    Ok(())
}
