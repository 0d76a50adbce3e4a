use anchor_lang::prelude::*;

use crate::{
    errors::StakingError,
    state::{Pool, Position, Seat, VerifierTree},
};

/// Anybody can evict a holder whose collateral has fallen below half of the minimum. Its seat is
/// vacated.
#[derive(Accounts)]
pub struct EvictSeat<'info> {
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, constraint = position.load()?.seated() @ StakingError::NotSeated)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, constraint = seat.owner == position.load()?.owner @ StakingError::WrongOwner)]
    pub seat: Box<Account<'info, Seat>>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
}

impl EvictSeat<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let pool = accounts.pool.load()?;
        let mut position = accounts.position.load_mut()?;
        let evictable = position.is_undercollateralised(pool.params.min_verifier_stake);
        require!(evictable, StakingError::SufficientlyCollateralised);
        let epoch = pool.window(clock.slot).ok_or(StakingError::Overflow)?;
        let mut tree = accounts.verifiers.load_mut()?;
        let vacated = accounts.seat.vacate(&mut position, &mut tree, epoch, &clock)?;
        emit!(vacated);
        Ok(())
    }
}
