use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::{fixed, token};

use crate::{
    errors::StakingError,
    events::RewardsFunded,
    state::{balance, Pool},
};

/// Anybody can add to the stream of rewards from a token account that it owns.
#[derive(Accounts)]
pub struct FundRewards<'info> {
    pub funder: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.reward_vault @ StakingError::WrongVault)]
    pub reward_vault: UncheckedAccount<'info>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl FundRewards<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        self.pool.load()?.check_owned(&self.source, self.funder.key)
    }

    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        let clock = Clock::get()?;
        let mut pool = accounts.pool.load_mut()?;
        pool.stream(amount, clock.slot).ok_or(StakingError::Overflow)?;
        token::transfer(&accounts.source, &accounts.reward_vault, &accounts.funder, &[], amount)
            .ok_or(StakingError::TokenDelta)?;
        emit!(RewardsFunded {
            envelope: pool.envelope(&clock)?,
            funder: accounts.funder.key(),
            amount,
            reward_rate: fixed::wide(pool.reward_rate),
            period_end: pool.period_end,
            reward_vault: balance(&accounts.reward_vault)?,
        });
        Ok(())
    }
}
