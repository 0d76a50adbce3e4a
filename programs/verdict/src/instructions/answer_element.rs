use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};

use super::draw::SLOT_HASHES;
use crate::{
    errors::{Checked, VerdictError},
    events::ElementAnswered,
    state::{evidence, question, Buffer, Config, Verdict},
};

/// A provider of the job can show the elements that the beacon asks for.
#[derive(Accounts)]
pub struct AnswerElement<'info> {
    /// Its own buffer's challenger.
    pub challenger: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: AccountLoader<'info, Job>,
    #[account(address = verdict.load()?.graph @ VerdictError::JobMismatch)]
    pub graph: AccountLoader<'info, Graph>,
    #[account(has_one = challenger @ VerdictError::Unauthorized)]
    pub buffer: AccountLoader<'info, Buffer>,
    /// CHECK: the address is the sysvar's; too large to deserialise.
    #[account(address = SLOT_HASHES)]
    pub slot_hashes: UncheckedAccount<'info>,
}

pub(crate) fn handler(ctx: Context<AnswerElement>, index: u8, tail: Vec<u8>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    require!(verdict.is_provider(accounts.challenger.key), VerdictError::Unauthorized);
    verdict.require_unanswered(index, clock.slot)?;
    require!(verdict.learn_questions(&accounts.slot_hashes)?, VerdictError::SlotHashUnavailable);

    let (job, graph) = (accounts.job.load()?, accounts.graph.load()?);
    let asked = question(&verdict.answer_seed, index, &graph, verdict.covered()).checked()?;
    let evidence = evidence(accounts.buffer.as_ref(), &tail)?;
    let judged = verdict.judge(&job, &graph, asked, &evidence)?;
    require!(!judged.is_fraud(), VerdictError::ElementIsWrong);
    verdict.answer(index, clock.slot, &accounts.config.params)?;

    let envelope = verdict.next_envelope(&clock)?;
    let (operator, element) = asked;
    emit!(ElementAnswered {
        envelope,
        job: verdict.job,
        provider: accounts.challenger.key(),
        question: index,
        operator,
        element,
        answered: verdict.answered,
        state: verdict.state,
    });
    Ok(())
}
