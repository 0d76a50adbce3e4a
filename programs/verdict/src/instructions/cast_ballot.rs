use anchor_lang::prelude::*;
use protocol::addresses::VERDICT_CPI;
use staking::{
    calls::lock_exposure,
    program::Staking,
    state::{Position, Seat, Terms},
};

use crate::{
    errors::{Checked, VerdictError},
    events::BallotCast,
    state::Verdict,
    CPI_SIGNER,
};

#[derive(Accounts)]
pub struct CastBallot<'info> {
    /// The verifier or its operator, which pays the rent of the exposure.
    #[account(mut)]
    pub signer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    /// CHECK: only its key is used
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: UncheckedAccount<'info>,
    #[account(constraint = seat.owner == position.load()?.owner @ VerdictError::Unauthorized)]
    pub seat: Account<'info, Seat>,
    #[account(mut, constraint = position.load()?.acts(signer.key) @ VerdictError::Unauthorized)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: staking creates it at this job's and verifier's address
    #[account(mut)]
    pub exposure: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub system_program: Program<'info, System>,
}

impl CastBallot<'_> {
    fn lock(&self) -> Result<()> {
        let (exposure, fee) = {
            let terms = self.terms.load()?;
            let params = &terms.parameters.verdict;
            (params.ballot_exposure, params.silence_fee)
        };
        let infos = [
            self.signer.to_account_info(),
            self.authority.to_account_info(),
            self.job.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.system_program.to_account_info(),
        ];
        lock_exposure(&infos, exposure, fee, CPI_SIGNER)
    }
}

/// Checks that the holder of the seat is the one that held it when the ballot's snapshot was taken.
pub(super) fn require_holder(seat: &Seat, verdict: &Verdict, ballot: u8) -> Result<()> {
    let drawn = verdict.ballots().get(usize::from(ballot)).ok_or(VerdictError::NoSuchBallot)?;
    require!(seat.may_cast(verdict.epoch_of(drawn).checked()?), VerdictError::SeatMismatch);
    Ok(())
}

pub(crate) fn handler(ctx: Context<CastBallot>, ballot: u8, commitment: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let verifier = accounts.seat.owner;
    {
        let mut verdict = accounts.verdict.load_mut()?;
        require_holder(&accounts.seat, &verdict, ballot)?;
        let reveal_slots = accounts.terms.load()?.parameters.verdict.reveal_slots;
        let seat = accounts.seat.index;
        verdict.cast(ballot, verifier, seat, commitment, clock.slot, reveal_slots)?;
        let envelope = verdict.next_envelope(&clock)?;
        emit!(BallotCast {
            envelope,
            job: verdict.job,
            ballot,
            verifier,
            ballot_deadline: verdict.ballot_deadline,
            reveal_deadline: verdict.reveal_deadline,
        });
    }
    accounts.lock()
}
