use anchor_lang::prelude::*;
use staking::state::Terms;

use crate::{errors::VerdictError, events::AnswersDemanded, state::Verdict};

/// The buyer cannot get the data of a result that it is about to pay for.
#[derive(Accounts)]
pub struct DemandAnswers<'info> {
    pub buyer: Signer<'info>,
    #[account(mut, has_one = buyer @ VerdictError::Unauthorized)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
}

pub(crate) fn handler(ctx: Context<DemandAnswers>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.demand(clock.slot, accounts.terms.load()?.parameters.verdict.answer_slots)?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(AnswersDemanded {
        envelope,
        job: verdict.job,
        answer_deadline: verdict.availability.deadline,
    });
    Ok(())
}
