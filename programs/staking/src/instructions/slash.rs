use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::{addresses::VERDICT_CPI, fixed, token};

use crate::{
    errors::StakingError,
    events::Slashed,
    state::{Exposure, Pool, Position, VerifierTree},
};

/// Verdict can slash an exposure once, by at most its amount: part is burned, the rest is sent on.
#[derive(Accounts)]
pub struct Slash<'info> {
    #[account(address = VERDICT_CPI @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, constraint = position.owner == exposure.owner @ StakingError::WrongExposure)]
    pub position: Box<Account<'info, Position>>,
    #[account(mut)]
    pub exposure: Box<Account<'info, Exposure>>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.mint @ StakingError::WrongTokenAccount)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: verdict chooses it; validate reads its mint
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Slash<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        self.pool.check_mint(&self.destination)?;
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        let (pool, position) = (&mut accounts.pool, &mut accounts.position);
        accounts.exposure.slash(amount)?;
        pool.settle(position, clock.slot)
            .and_then(|()| position.lose(amount))
            .and_then(|()| pool.remove_stake(amount))
            .ok_or(StakingError::Overflow)?;
        position.weigh(Some(&accounts.verifiers), pool.params.min_verifier_stake)?;
        let burned = fixed::bps_ceil(amount, pool.params.slash_burn_bps);
        let (burned, paid) = burned
            .and_then(|burned| Some((burned, amount.checked_sub(burned)?)))
            .ok_or(StakingError::Overflow)?;
        pool.signed(|seeds| {
            let authority = pool.as_ref().as_ref();
            token::burn(&accounts.mint, &accounts.stake_vault, authority, seeds, burned)?;
            let (vault, destination) = (&accounts.stake_vault, &accounts.destination);
            token::transfer(vault, destination, authority, seeds, paid)
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(Slashed {
            envelope: position.envelope(&clock)?,
            job: accounts.exposure.job,
            owner: position.owner,
            destination: accounts.destination.key(),
            amount,
            burned,
            staked: position.amount,
            exposed: position.exposed,
            total_staked: pool.total_staked,
        });
        Ok(())
    }
}
