use anchor_lang::prelude::*;
use protocol::addresses::VERDICT_CPI;
use staking::{calls::lock_exposure, program::Staking, state::Seat};

use crate::{
    errors::VerdictError,
    events::BallotCast,
    state::{Config, Verdict},
    CPI_SIGNER,
};

#[derive(Accounts)]
pub struct CastBallot<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    /// CHECK: only its key is used
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: UncheckedAccount<'info>,
    #[account(constraint = seat.owner == owner.key() @ VerdictError::Unauthorized)]
    pub seat: Account<'info, Seat>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
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
    /// Checks that the seat's holder is the one that held it when the draw's snapshot was taken.
    fn validate(&self, verdict: &Verdict) -> Result<()> {
        require!(
            self.seat.is_held() && self.seat.taken_epoch <= verdict.snapshot_epoch,
            VerdictError::SeatMismatch
        );
        Ok(())
    }

    fn lock(&self) -> Result<()> {
        let params = &self.config.params;
        let infos = [
            self.owner.to_account_info(),
            self.authority.to_account_info(),
            self.job.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.system_program.to_account_info(),
        ];
        lock_exposure(&infos, params.ballot_exposure, params.silence_fee, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<CastBallot>, ballot: u8, commitment: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let verifier = accounts.owner.key();
    {
        let mut verdict = accounts.verdict.load_mut()?;
        accounts.validate(&verdict)?;
        let reveal_slots = accounts.config.params.reveal_slots;
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
