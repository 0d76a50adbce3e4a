use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};

use super::draw::SLOT_HASHES;
use crate::{
    errors::{Checked, VerdictError},
    events::ElementAnswered,
    state::{Buffer, Config, Verdict},
};

/// Any provider of the job may show the element that the beacon chose, from a buffer of its own.
#[derive(Accounts)]
pub struct AnswerElement<'info> {
    pub provider: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: AccountLoader<'info, Job>,
    #[account(address = verdict.load()?.graph @ VerdictError::JobMismatch)]
    pub graph: AccountLoader<'info, Graph>,
    #[account(
        constraint = buffer.load()?.challenger == provider.key() @ VerdictError::Unauthorized,
        has_one = job @ VerdictError::JobMismatch,
    )]
    pub buffer: AccountLoader<'info, Buffer>,
    /// CHECK: the address is the sysvar's; too large to deserialise.
    #[account(address = SLOT_HASHES)]
    pub slot_hashes: UncheckedAccount<'info>,
}

pub(crate) fn handler(ctx: Context<AnswerElement>, index: u8, tail: Vec<u8>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    require!(verdict.is_provider(accounts.provider.key), VerdictError::Unauthorized);
    verdict.require_unanswered(index, clock.slot)?;
    verdict.learn_questions(&accounts.slot_hashes, clock.slot)?;

    let (job, graph) = (accounts.job.load()?, accounts.graph.load()?);
    let asked = verdict.question(index, &graph).checked()?;
    let evidence = Buffer::completed(accounts.buffer.as_ref(), &tail)?;
    let judgement = verdict.judge(&job, &graph, asked, &evidence)?;
    require!(!judgement.is_fraud(), VerdictError::ElementIsWrong);
    verdict.answer(index, clock.slot, &accounts.config.params)?;

    let envelope = verdict.next_envelope(&clock)?;
    let (operator, element) = asked;
    emit!(ElementAnswered {
        envelope,
        job: verdict.job,
        provider: accounts.provider.key(),
        question: index,
        operator,
        element,
        answered: verdict.availability.answered,
        state: verdict.state,
    });
    Ok(())
}
