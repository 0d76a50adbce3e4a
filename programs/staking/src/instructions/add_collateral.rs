use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::{
    errors::StakingError,
    events::CollateralAdded,
    state::{Pool, Position, VerifierTree},
};

/// The holder of a seat can bind more stake to it.
#[derive(Accounts)]
pub struct AddCollateral<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(
        mut,
        has_one = owner @ StakingError::WrongOwner,
        constraint = position.load()?.seated() @ StakingError::NotSeated,
    )]
    pub position: AccountLoader<'info, Position>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
}

impl AddCollateral<'_> {
    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        position.bind(amount)?;
        pool.bind(amount, clock.slot).ok_or(StakingError::Overflow)?;
        let weight = position.weigh(&accounts.verifiers, pool.params.min_verifier_stake)?;
        let mut tree = accounts.verifiers.load_mut()?;
        emit!(CollateralAdded {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            owner: position.owner,
            seat: position.seat,
            amount,
            collateral: position.collateral,
            weight,
            total_weight: tree.total,
        });
        Ok(())
    }
}
