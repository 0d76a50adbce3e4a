use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::{
    errors::StakingError,
    events::SeatVacated,
    state::{Pool, Position, Seat, VerifierTree},
};

/// An owner can vacate its seat, which has no weight from then on.
#[derive(Accounts)]
pub struct VacateSeat<'info> {
    pub owner: Signer<'info>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(
        mut,
        has_one = owner @ StakingError::WrongOwner,
        constraint = position.load()?.seated() @ StakingError::NotSeated,
    )]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub seat: Box<Account<'info, Seat>>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
}

impl VacateSeat<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mut position = accounts.position.load_mut()?;
        position.seat_vacated = 1;
        accounts.seat.vacated_epoch =
            accounts.pool.load()?.epoch(clock.slot).ok_or(StakingError::Overflow)?;
        let mut tree = accounts.verifiers.load_mut()?;
        tree.set(position.seat, 0).ok_or(StakingError::Overflow)?;
        emit!(SeatVacated {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            owner: position.owner,
            seat: position.seat,
            total_weight: tree.total,
        });
        Ok(())
    }
}
