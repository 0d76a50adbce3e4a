use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use protocol::{addresses::DEPLOYER, seeds};

use crate::{
    errors::StakingError,
    events::PoolInitialized,
    state::{Params, Pool},
};

/// The deployer can create the pool, once.
#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut, address = DEPLOYER @ StakingError::NotDeployer)]
    pub deployer: Signer<'info>,
    /// A mint of the legacy token program: Token-2022 is excluded because of its fees, hooks and
    /// delegates.
    pub mint: Box<Account<'info, Mint>>,
    #[account(init, payer = deployer, space = Pool::SPACE, seeds = [seeds::POOL], bump)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(
        init,
        payer = deployer,
        token::mint = mint,
        token::authority = pool,
        seeds = [seeds::STAKE_VAULT],
        bump,
    )]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl Initialize<'_> {
    pub fn handler(ctx: Context<Self>, params: Params, authority: Pubkey) -> Result<()> {
        params.validate()?;
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mint = accounts.mint.key();
        let mut pool = accounts.pool.load_init()?;
        pool.authority = authority;
        pool.mint = mint;
        pool.stake_vault = accounts.stake_vault.key();
        pool.last_update = clock.slot;
        pool.params = params;
        pool.bump = ctx.bumps.pool;
        pool.stake_vault_bump = ctx.bumps.stake_vault;
        let envelope = pool.envelope(&clock)?;
        emit!(PoolInitialized { envelope, authority, mint, params });
        Ok(())
    }
}
