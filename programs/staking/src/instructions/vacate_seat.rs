use anchor_lang::prelude::*;

use crate::{
    errors::StakingError,
    state::{Pool, Position, Seat, VerifierTree},
};

/// An owner can vacate its seat, which has no weight from then on. The collateral stays bound until
/// the seat is closed.
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
        let epoch = accounts.pool.load()?.window(clock.slot).ok_or(StakingError::Overflow)?;
        let mut position = accounts.position.load_mut()?;
        let mut tree = accounts.verifiers.load_mut()?;
        let vacated = accounts.seat.vacate(&mut position, &mut tree, epoch, &clock)?;
        emit!(vacated);
        Ok(())
    }
}
