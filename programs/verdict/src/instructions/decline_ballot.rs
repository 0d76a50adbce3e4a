use anchor_lang::prelude::*;
use staking::state::{Position, Seat, Terms};

use super::cast_ballot::require_holder;
use crate::{
    errors::{Checked, VerdictError},
    events::BallotDeclined,
    state::Verdict,
};

/// A drawn verifier whose collateral other ballots hold may stand aside without a fine. Otherwise
/// whoever fills verifiers with cheap jobs could have them fined.
#[derive(Accounts)]
pub struct DeclineBallot<'info> {
    /// The verifier or its operator.
    pub signer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(constraint = seat.owner == position.load()?.owner @ VerdictError::Unauthorized)]
    pub seat: Account<'info, Seat>,
    #[account(constraint = position.load()?.acts(signer.key) @ VerdictError::Unauthorized)]
    pub position: AccountLoader<'info, Position>,
}

pub(crate) fn handler(ctx: Context<DeclineBallot>, ballot: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let terms = accounts.terms.load()?;
    let params = &terms.parameters.verdict;
    let at_risk = params.ballot_exposure.checked_add(params.silence_fee).checked()?;
    require!(accounts.position.load()?.ballot_room() < at_risk, VerdictError::RoomForBallot);
    let mut verdict = accounts.verdict.load_mut()?;
    require_holder(&accounts.seat, &verdict, ballot)?;
    let (verifier, seat) = (accounts.seat.owner, accounts.seat.index);
    verdict.decline(ballot, verifier, seat, clock.slot, params.reveal_slots)?;
    emit!(BallotDeclined {
        envelope: verdict.next_envelope(&clock)?,
        job: verdict.job,
        ballot,
        verifier,
        ballot_deadline: verdict.ballot_deadline,
        reveal_deadline: verdict.reveal_deadline,
    });
    Ok(())
}
