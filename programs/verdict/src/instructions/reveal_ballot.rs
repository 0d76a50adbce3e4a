use anchor_lang::prelude::*;

use crate::{events::BallotRevealed, state::Verdict};

/// Anyone may reveal: only the verifier and whoever it told know the salt.
#[derive(Accounts)]
pub struct RevealBallot<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
}

pub(crate) fn handler(
    ctx: Context<RevealBallot>,
    ballot: u8,
    choice: u8,
    operator: u32,
    element: u32,
    salt: [u8; 32],
) -> Result<()> {
    let clock = Clock::get()?;
    let mut verdict = ctx.accounts.verdict.load_mut()?;
    let verifier = verdict.reveal(ballot, (choice, operator, element), &salt, clock.slot)?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(BallotRevealed {
        envelope,
        job: verdict.job,
        ballot,
        verifier,
        choice,
        operator,
        element,
    });
    Ok(())
}
