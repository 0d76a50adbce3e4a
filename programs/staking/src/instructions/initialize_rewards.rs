use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use protocol::{addresses::DEPLOYER, seeds};

use crate::{errors::StakingError, state::Pool};

/// The deployer can create the reward and emission vaults, once. The emission starts from then on.
#[derive(Accounts)]
pub struct InitializeRewards<'info> {
    #[account(mut, address = DEPLOYER @ StakingError::NotDeployer)]
    pub deployer: Signer<'info>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut, has_one = mint @ StakingError::WrongTokenAccount)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(
        init,
        payer = deployer,
        token::mint = mint,
        token::authority = pool,
        seeds = [seeds::REWARD_VAULT],
        bump,
    )]
    pub reward_vault: Box<Account<'info, TokenAccount>>,
    #[account(
        init,
        payer = deployer,
        token::mint = mint,
        token::authority = pool,
        seeds = [seeds::EMISSION_VAULT],
        bump,
    )]
    pub emission_vault: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl InitializeRewards<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let slot = Clock::get()?.slot;
        let accounts = ctx.accounts;
        let mut pool = accounts.pool.load_mut()?;
        pool.reward_vault = accounts.reward_vault.key();
        pool.reward_vault_bump = ctx.bumps.reward_vault;
        pool.emission_vault = accounts.emission_vault.key();
        pool.emission_vault_bump = ctx.bumps.emission_vault;
        pool.emission_start = slot;
        pool.emission_last = slot;
        Ok(())
    }
}
