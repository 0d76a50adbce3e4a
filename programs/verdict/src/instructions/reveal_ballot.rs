use anchor_lang::prelude::*;

use crate::{events::BallotRevealed, state::Verdict};

#[derive(Accounts)]
pub struct RevealBallot<'info> {
    pub owner: Signer<'info>,
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
    let verifier = ctx.accounts.owner.key();
    let clock = Clock::get()?;
    let mut verdict = ctx.accounts.verdict.load_mut()?;
    verdict.reveal(ballot, &verifier, (choice, operator, element), &salt, clock.slot)?;
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
