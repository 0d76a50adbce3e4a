use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use protocol::{addresses::DEPLOYER, seeds};

use crate::{
    errors::StakingError,
    events::PoolInitialized,
    state::{Parameters, Pool, Terms, TermsState},
};

/// The deployer can create the pool and the first terms, once.
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
        space = Terms::SPACE,
        seeds = [seeds::TERMS, &0u16.to_le_bytes()],
        bump,
    )]
    pub first_terms: AccountLoader<'info, Terms>,
    #[account(
        init,
        payer = deployer,
        token::mint = mint,
        token::authority = pool,
        seeds = [seeds::STAKE_VAULT],
        bump,
    )]
    pub stake_vault: Box<Account<'info, TokenAccount>>,
    /// Token account that receives the treasury's share of the fees.
    #[account(token::mint = mint)]
    pub treasury: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl Initialize<'_> {
    pub fn handler(
        ctx: Context<Self>,
        parameters: Parameters,
        checkpoint_slots: u64,
        authority: Pubkey,
    ) -> Result<()> {
        require!(checkpoint_slots > 0, StakingError::InvalidParams);
        parameters.validate(checkpoint_slots)?;
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mint = accounts.mint.key();
        let mut terms = accounts.first_terms.load_init()?;
        terms.treasury = accounts.treasury.key();
        terms.parameters = parameters;
        terms.checkpoint_slots = checkpoint_slots;
        terms.state = TermsState::Current as u8;
        terms.bump = ctx.bumps.first_terms;
        let mut pool = accounts.pool.load_init()?;
        pool.authority = authority;
        pool.mint = mint;
        pool.stake_vault = accounts.stake_vault.key();
        pool.last_update = clock.slot;
        pool.checkpoint_slots = checkpoint_slots;
        pool.params = parameters.staking;
        pool.bump = ctx.bumps.pool;
        pool.stake_vault_bump = ctx.bumps.stake_vault;
        let envelope = pool.envelope(&clock)?;
        emit!(PoolInitialized {
            envelope,
            authority,
            mint,
            treasury: terms.treasury,
            checkpoint_slots,
            parameters,
        });
        Ok(())
    }
}
