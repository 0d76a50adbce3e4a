use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::{fixed, token};

use crate::{
    errors::StakingError,
    events::RewardsEmitted,
    state::{balance, signed_by_pool, Pool},
};

/// Anybody can move the due emission into the stream. The amount that the vault lacks stays owed.
#[derive(Accounts)]
pub struct EmitRewards<'info> {
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.emission_vault @ StakingError::WrongVault)]
    pub emission_vault: UncheckedAccount<'info>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.reward_vault @ StakingError::WrongVault)]
    pub reward_vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl EmitRewards<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let available = balance(&accounts.emission_vault)?;
        let mut pool = accounts.pool.load_mut()?;
        pool.accrue_emission(clock.slot).ok_or(StakingError::Overflow)?;
        let amount = pool.emission_owed.min(available);
        require!(amount > 0, StakingError::NothingToEmit);
        pool.emission_owed = pool.emission_owed.saturating_sub(amount);
        pool.stream(amount, clock.slot).ok_or(StakingError::Overflow)?;
        let (reward_rate, period_end, bump) =
            (fixed::wide(pool.reward_rate), pool.period_end, pool.bump);
        let envelope = pool.envelope(&clock)?;
        // the token program borrows this account as the authority
        drop(pool);
        signed_by_pool(bump, |seeds| {
            token::transfer(
                &accounts.emission_vault,
                &accounts.reward_vault,
                accounts.pool.as_ref(),
                seeds,
                amount,
            )
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(RewardsEmitted {
            envelope,
            amount,
            owed: accounts.pool.load()?.emission_owed,
            reward_rate,
            period_end,
            reward_vault: balance(&accounts.reward_vault)?,
            emission_vault: balance(&accounts.emission_vault)?,
        });
        Ok(())
    }
}
