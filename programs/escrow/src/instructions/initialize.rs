use anchor_lang::prelude::*;
use anchor_spl::token::Mint;
use protocol::{addresses::DEPLOYER, seeds};

use crate::{errors::EscrowError, events::ConfigInitialized, state::Config};

/// The deployer can create the configuration, once.
#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut, address = DEPLOYER @ EscrowError::NotDeployer)]
    pub deployer: Signer<'info>,
    /// A mint of the legacy token program: Token-2022 is excluded because of its fees, hooks and
    /// delegates.
    pub mint: Box<Account<'info, Mint>>,
    #[account(init, payer = deployer, space = Config::SPACE, seeds = [seeds::CONFIG], bump)]
    pub config: AccountLoader<'info, Config>,
    pub system_program: Program<'info, System>,
}

impl Initialize<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let mint = accounts.mint.key();
        let mut config = accounts.config.load_init()?;
        config.mint = mint;
        config.bump = ctx.bumps.config;
        let envelope = config.envelope(&Clock::get()?)?;
        emit!(ConfigInitialized { envelope, mint });
        Ok(())
    }
}
