use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use protocol::{addresses::DEPLOYER, seeds};

use crate::{errors::EscrowError, state::Config};

/// The deployer can create each shard's fee vault, once.
#[derive(Accounts)]
#[instruction(shard: u8)]
pub struct InitializeFeeVault<'info> {
    #[account(mut, address = DEPLOYER @ EscrowError::NotDeployer)]
    pub deployer: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    #[account(address = config.load()?.mint @ EscrowError::WrongTokenAccount)]
    pub mint: Box<Account<'info, Mint>>,
    #[account(
        init,
        payer = deployer,
        token::mint = mint,
        token::authority = config,
        seeds = [seeds::FEES, &[shard]],
        bump,
    )]
    pub fee_vault: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl InitializeFeeVault<'_> {
    pub fn handler(ctx: Context<Self>, shard: u8) -> Result<()> {
        let mut config = ctx.accounts.config.load_mut()?;
        let vault =
            config.fee_vaults.get_mut(usize::from(shard)).ok_or(EscrowError::ShardOutOfRange)?;
        *vault = ctx.accounts.fee_vault.key();
        Ok(())
    }
}
