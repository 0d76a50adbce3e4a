use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::{addresses::VERDICT_CPI, token};

use crate::{
    errors::StakingError,
    events::Fined,
    state::{signed_by_pool, Pool, Position, VerifierTree},
};

/// Verdict can fine a verifier that was drawn and kept silent. A fine is at most the collateral
/// that no ballot holds, so no step fails because of it.
#[derive(Accounts)]
pub struct Fine<'info> {
    #[account(address = VERDICT_CPI @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: verdict chooses it; the handler reads its mint
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Fine<'_> {
    pub fn handler(ctx: Context<Self>, fine: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.pool.load()?.check_mint(&accounts.destination)?;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        pool.checkpoint(&mut position, clock.slot).ok_or(StakingError::Overflow)?;
        let amount = position.fine(fine).ok_or(StakingError::Overflow)?;
        pool.lose(amount, amount).ok_or(StakingError::Overflow)?;
        position.weigh(&accounts.verifiers, pool.params.min_verifier_stake)?;
        let (total_staked, bump) = (pool.total_staked, pool.bump);
        // the token program borrows this account as the authority
        drop(pool);
        let (vault, destination) = (&accounts.stake_vault, &accounts.destination);
        if amount > 0 {
            signed_by_pool(bump, |seeds| {
                token::transfer(vault, destination, accounts.pool.as_ref(), seeds, amount)
            })
            .ok_or(StakingError::TokenDelta)?;
        }
        emit!(Fined {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            destination: destination.key(),
            amount,
            staked: position.amount,
            collateral: position.collateral,
            total_staked,
        });
        Ok(())
    }
}
