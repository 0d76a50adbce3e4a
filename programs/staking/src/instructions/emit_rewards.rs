use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{errors::StakingError, events::RewardsEmitted, state::Pool};

/// Anybody can move the emission due into the stream; what its vault lacks is forgone.
#[derive(Accounts)]
pub struct EmitRewards<'info> {
    #[account(mut)]
    pub pool: Box<Account<'info, Pool>>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.emission_vault @ StakingError::WrongVault)]
    pub emission_vault: UncheckedAccount<'info>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.reward_vault @ StakingError::WrongVault)]
    pub reward_vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl EmitRewards<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let pool = &mut accounts.pool;
        let available = pool.check_mint(&accounts.emission_vault)?.amount;
        let due = pool.emission_due(clock.slot).ok_or(StakingError::Overflow)?;
        let amount = due.min(available);
        require!(amount > 0, StakingError::NothingToEmit);
        pool.emission_last = clock.slot;
        pool.stream(amount, clock.slot).ok_or(StakingError::Overflow)?;
        pool.signed(|seeds| {
            token::transfer(
                &accounts.emission_vault,
                &accounts.reward_vault,
                pool.as_ref().as_ref(),
                seeds,
                amount,
            )
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(RewardsEmitted {
            envelope: pool.envelope(&clock)?,
            amount,
            reward_rate: pool.reward_rate,
            period_end: pool.period_end,
            reward_vault: pool.check_mint(&accounts.reward_vault)?.amount,
            emission_vault: pool.check_mint(&accounts.emission_vault)?.amount,
        });
        Ok(())
    }
}
