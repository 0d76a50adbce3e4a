use anchor_lang::prelude::*;
use staking::state::Terms;

use crate::{
    errors::VerdictError,
    events::BallotsTallied,
    state::{Count, State, Verdict},
};

/// Anyone may crank.
#[derive(Accounts)]
pub struct Tally<'info> {
    pub cranker: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
}

fn validate(verdict: &Verdict, slot: u64) -> Result<()> {
    verdict.require(State::Balloting)?;
    require!(verdict.ballots_closed(slot), VerdictError::TallyTooEarly);
    Ok(())
}

pub(crate) fn handler(ctx: Context<Tally>) -> Result<()> {
    let clock = Clock::get()?;
    let mut verdict = ctx.accounts.verdict.load_mut()?;
    validate(&verdict, clock.slot)?;
    verdict.record_crank(ctx.accounts.cranker.key())?;
    let count = Count::of(verdict.ballots());
    let decision = count.decision(verdict.draws, verdict.unavailable_rounds);
    verdict.apply(decision, clock.slot, &ctx.accounts.terms.load()?.parameters.verdict)?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(BallotsTallied {
        envelope,
        job: verdict.job,
        accept: count.accept,
        reject: count.reject,
        unavailable: count.unavailable,
        drawn: count.drawn,
        outcome: verdict.outcome,
        state: verdict.state,
        window_end: verdict.window_end,
        answer_deadline: verdict.availability.deadline,
    });
    Ok(())
}
