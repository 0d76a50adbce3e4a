use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::StakingError,
    events::BondForfeited,
    state::{signed_by_pool, Exposure, Pool, Position, VerifierTree},
};

/// The program that locked an exposure, and verdict, can forfeit its bond for an objective timeout.
/// A bond that is zero or already forfeited moves nothing, so no timeout step fails because of it.
#[derive(Accounts)]
pub struct ForfeitBond<'info> {
    #[account(constraint = exposure.load()?.may_forfeit(authority.key) @ StakingError::WrongCaller)]
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
    #[account(mut, address = pool.load()?.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: the calling program chooses it; the handler reads its mint
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl ForfeitBond<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.pool.load()?.check_mint(&accounts.destination)?;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        let mut exposure = accounts.exposure.load_mut()?;
        let amount = exposure.forfeit()?;
        if amount == 0 {
            return Ok(());
        }
        pool.checkpoint(&mut position, clock.slot)
            .and_then(|()| position.lose(&exposure, amount))
            .and_then(|collateral| pool.lose(amount, collateral))
            .ok_or(StakingError::Overflow)?;
        position.weigh(&accounts.verifiers, pool.params.min_verifier_stake)?;
        let (total_staked, bump) = (pool.total_staked, pool.bump);
        // the token program borrows this account as the authority
        drop(pool);
        signed_by_pool(bump, |seeds| {
            token::transfer(
                &accounts.stake_vault,
                &accounts.destination,
                accounts.pool.as_ref(),
                seeds,
                amount,
            )
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(BondForfeited {
            envelope: position.envelope(&clock)?,
            job: exposure.job,
            owner: position.owner,
            destination: accounts.destination.key(),
            amount,
            staked: position.amount,
            exposed: position.exposed,
            total_staked,
        });
        Ok(())
    }
}
