use anchor_lang::prelude::*;
use protocol::fenwick;

use crate::{
    errors::StakingError,
    events::SeatClosed,
    state::{Pool, Position, Seat, Snapshot, NO_SEAT},
};

/// An owner can close a seat that it vacated two epochs ago, once no snapshot contains it. So the
/// next holder is never drawn by another owner's weight.
#[derive(Accounts)]
pub struct CloseSeat<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner, close = owner)]
    pub seat: Box<Account<'info, Seat>>,
    #[account(constraint = even_snapshot.load()?.parity == 0 @ StakingError::WrongSnapshot)]
    pub even_snapshot: AccountLoader<'info, Snapshot>,
    #[account(constraint = odd_snapshot.load()?.parity == 1 @ StakingError::WrongSnapshot)]
    pub odd_snapshot: AccountLoader<'info, Snapshot>,
}

impl CloseSeat<'_> {
    fn validate(&self, slot: u64) -> Result<()> {
        let epoch = self.pool.load()?.epoch(slot).ok_or(StakingError::Overflow)?;
        require!(self.seat.closable(epoch), StakingError::SeatStillDrawable);
        for snapshot in [&self.even_snapshot, &self.odd_snapshot] {
            let weight = fenwick::weight(&snapshot.load()?.sums, self.seat.index);
            require!(weight == Some(0), StakingError::SeatStillDrawable);
        }
        Ok(())
    }

    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.validate(clock.slot)?;
        let mut position = accounts.position.load_mut()?;
        position.seat = NO_SEAT;
        position.seat_vacated = 0;
        emit!(SeatClosed {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            seat: accounts.seat.index,
        });
        Ok(())
    }
}
