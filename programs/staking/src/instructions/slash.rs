use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::{addresses::VERDICT_CPI, fixed, token};

use crate::{
    errors::StakingError,
    events::Slashed,
    state::{signed_by_pool, Exposure, Pool, Position, VerifierTree},
};

/// Verdict can slash an exposure once, by at most its amount. A share is burned, the rest goes to
/// the destination, and the owner's catch rate falls to a quarter.
#[derive(Accounts)]
pub struct Slash<'info> {
    #[account(address = VERDICT_CPI @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, constraint = position.load()?.owner == exposure.load()?.owner @ StakingError::WrongExposure)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut)]
    pub exposure: AccountLoader<'info, Exposure>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.mint @ StakingError::WrongTokenAccount)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: verdict chooses it; validate reads its mint
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Slash<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        self.pool.load()?.check_mint(&self.destination)?;
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, amount: u64, burn_bps: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        let mut exposure = accounts.exposure.load_mut()?;
        exposure.slash(amount)?;
        pool.checkpoint(&mut position, clock.slot)
            .and_then(|()| position.lose(&exposure, amount))
            .and_then(|collateral| pool.lose(amount, collateral))
            .ok_or(StakingError::Overflow)?;
        position.record_miss();
        position.weigh(&accounts.verifiers, pool.params.min_verifier_stake)?;
        let burned = fixed::bps_ceil(amount, burn_bps);
        let (burned, paid) = burned
            .and_then(|burned| Some((burned, amount.checked_sub(burned)?)))
            .ok_or(StakingError::Overflow)?;
        let (total_staked, bump) = (pool.total_staked, pool.bump);
        // the token program borrows this account as the authority
        drop(pool);
        signed_by_pool(bump, |seeds| {
            let authority = accounts.pool.as_ref();
            token::burn(&accounts.mint, &accounts.stake_vault, authority, seeds, burned)?;
            let (vault, destination) = (&accounts.stake_vault, &accounts.destination);
            token::transfer(vault, destination, authority, seeds, paid)
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(Slashed {
            envelope: position.envelope(&clock)?,
            job: exposure.job,
            owner: position.owner,
            destination: accounts.destination.key(),
            amount,
            burned,
            staked: position.amount,
            exposed: position.exposed,
            total_staked,
            catch_rate: position.catch_rate,
        });
        Ok(())
    }
}
