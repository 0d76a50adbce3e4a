use anchor_lang::prelude::*;

use crate::{
    errors::VerdictError,
    events::AnswersDemanded,
    state::{Config, Verdict},
};

/// The buyer cannot get the data of a result that it is about to pay for.
#[derive(Accounts)]
pub struct DemandAnswers<'info> {
    pub buyer: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut, has_one = buyer @ VerdictError::Unauthorized)]
    pub verdict: AccountLoader<'info, Verdict>,
}

pub(crate) fn handler(ctx: Context<DemandAnswers>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.demand(clock.slot, accounts.config.params.answer_slots)?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(AnswersDemanded {
        envelope,
        job: verdict.job,
        answer_deadline: verdict.availability.deadline,
    });
    Ok(())
}
