use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};
use staking::state::Terms;

use super::draw::SLOT_HASHES;
use crate::{
    errors::{Checked, VerdictError},
    events::ElementAnswered,
    state::{Buffer, Verdict},
};

/// Anybody may show the element that the beacon chose, from a buffer of its own. The referee finds
/// it right whoever shows it.
#[derive(Accounts)]
pub struct AnswerElement<'info> {
    pub signer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: AccountLoader<'info, Job>,
    #[account(address = verdict.load()?.graph @ VerdictError::JobMismatch)]
    pub graph: AccountLoader<'info, Graph>,
    #[account(
        constraint = buffer.load()?.challenger == signer.key() @ VerdictError::Unauthorized,
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
    verdict.require_unanswered(index, clock.slot)?;
    verdict.learn_questions(&accounts.slot_hashes, clock.slot)?;

    let (job, graph) = (accounts.job.load()?, accounts.graph.load()?);
    let asked = verdict.question(index, &graph).checked()?;
    let evidence = Buffer::completed(accounts.buffer.as_ref(), &tail)?;
    let judgement = verdict.judge(&job, &graph, asked, &evidence)?;
    require!(!judgement.is_fraud(), VerdictError::ElementIsWrong);
    verdict.answer(index, clock.slot, &accounts.terms.load()?.parameters.verdict)?;

    let envelope = verdict.next_envelope(&clock)?;
    let (operator, element) = asked;
    emit!(ElementAnswered {
        envelope,
        job: verdict.job,
        shown_by: accounts.signer.key(),
        question: index,
        operator,
        element,
        answered: verdict.availability.answered,
        state: verdict.state,
    });
    Ok(())
}
