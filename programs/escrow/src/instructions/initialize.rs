use anchor_lang::prelude::*;
use anchor_spl::token::Mint;
use protocol::{addresses::DEPLOYER, seeds, token};

use crate::{
    errors::EscrowError,
    events::ConfigInitialized,
    state::{Config, Params},
};

/// The deployer can create the configuration, once.
#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut, address = DEPLOYER @ EscrowError::NotDeployer)]
    pub deployer: Signer<'info>,
    /// A mint of the legacy token program: Token-2022 is excluded because of its fees, hooks and
    /// delegates.
    pub mint: Box<Account<'info, Mint>>,
    /// CHECK: the handler reads its mint; anybody may own it
    pub treasury: UncheckedAccount<'info>,
    #[account(init, payer = deployer, space = Config::SPACE, seeds = [seeds::CONFIG], bump)]
    pub config: AccountLoader<'info, Config>,
    pub system_program: Program<'info, System>,
}

impl Initialize<'_> {
    pub fn handler(ctx: Context<Self>, params: Params, authority: Pubkey) -> Result<()> {
        params.validate()?;
        let accounts = ctx.accounts;
        let (mint, treasury) = (accounts.mint.key(), accounts.treasury.key());
        let holding = token::holding(&accounts.treasury).filter(|holding| holding.mint == mint);
        require!(holding.is_some(), EscrowError::WrongTokenAccount);
        let mut config = accounts.config.load_init()?;
        config.authority = authority;
        config.mint = mint;
        config.treasury = treasury;
        config.params = params;
        config.bump = ctx.bumps.config;
        let envelope = config.envelope(&Clock::get()?)?;
        emit!(ConfigInitialized { envelope, authority, mint, treasury, params });
        Ok(())
    }
}
