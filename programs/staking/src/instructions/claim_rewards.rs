use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::StakingError,
    events::RewardsClaimed,
    state::{balance, signed_by_pool, Pool, Position},
};

/// An owner can withdraw the rewards that its position has earned.
#[derive(Accounts)]
pub struct ClaimRewards<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.reward_vault @ StakingError::WrongVault)]
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
        accounts.pool.load()?.check_owned(&accounts.destination, accounts.owner.key)?;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        pool.settle(&mut position, clock.slot).ok_or(StakingError::Overflow)?;
        let amount = std::mem::take(&mut position.rewards_owed);
        require!(amount > 0, StakingError::NothingToClaim);
        let bump = pool.bump;
        // the token program borrows this account as the authority
        drop(pool);
        signed_by_pool(bump, |seeds| {
            token::transfer(
                &accounts.reward_vault,
                &accounts.destination,
                accounts.pool.as_ref(),
                seeds,
                amount,
            )
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(RewardsClaimed {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            amount,
            reward_vault: balance(&accounts.reward_vault)?,
        });
        Ok(())
    }
}
