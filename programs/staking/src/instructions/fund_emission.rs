use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::StakingError,
    events::EmissionFunded,
    state::{balance, Pool},
};

/// Anybody can add to the amount that the emission schedule hands out.
#[derive(Accounts)]
pub struct FundEmission<'info> {
    pub funder: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.emission_vault @ StakingError::WrongVault)]
    pub emission_vault: UncheckedAccount<'info>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl FundEmission<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        self.pool.load()?.check_owned(&self.source, self.funder.key)
    }

    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        token::transfer(&accounts.source, &accounts.emission_vault, &accounts.funder, &[], amount)
            .ok_or(StakingError::TokenDelta)?;
        let mut pool = accounts.pool.load_mut()?;
        emit!(EmissionFunded {
            envelope: pool.envelope(&Clock::get()?)?,
            funder: accounts.funder.key(),
            amount,
            emission_vault: balance(&accounts.emission_vault)?,
        });
        Ok(())
    }
}
