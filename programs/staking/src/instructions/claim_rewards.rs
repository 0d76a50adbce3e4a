use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::StakingError,
    events::RewardsClaimed,
    state::{Pool, Position},
};

/// An owner can take the rewards its position has earned.
#[derive(Accounts)]
pub struct ClaimRewards<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: Box<Account<'info, Position>>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.reward_vault @ StakingError::WrongVault)]
    pub reward_vault: UncheckedAccount<'info>,
    /// CHECK: the handler reads its mint and owner
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl ClaimRewards<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.pool.check_owned(&accounts.destination, accounts.owner.key)?;
        let (pool, position) = (&mut accounts.pool, &mut accounts.position);
        pool.settle(position, clock.slot).ok_or(StakingError::Overflow)?;
        let amount = std::mem::take(&mut position.rewards_owed);
        require!(amount > 0, StakingError::NothingToClaim);
        pool.signed(|seeds| {
            token::transfer(
                &accounts.reward_vault,
                &accounts.destination,
                pool.as_ref().as_ref(),
                seeds,
                amount,
            )
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(RewardsClaimed {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            amount,
            reward_vault: pool.check_mint(&accounts.reward_vault)?.amount,
        });
        Ok(())
    }
}
