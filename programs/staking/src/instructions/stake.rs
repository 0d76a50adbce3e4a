use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::StakingError,
    events::Staked,
    state::{Pool, Position},
};

/// An owner can add to its position from its own token account.
#[derive(Accounts)]
pub struct Stake<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Stake<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        self.pool.load()?.check_owned(&self.source, self.owner.key)
    }

    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        let clock = Clock::get()?;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        pool.checkpoint(&mut position, clock.slot)
            .and_then(|()| position.add(amount))
            .and_then(|()| pool.add_stake(amount))
            .ok_or(StakingError::Overflow)?;
        token::transfer(&accounts.source, &accounts.stake_vault, &accounts.owner, &[], amount)
            .ok_or(StakingError::TokenDelta)?;
        emit!(Staked {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            amount,
            staked: position.amount,
            total_staked: pool.total_staked,
        });
        Ok(())
    }
}
