use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::EscrowError,
    events::FeeCollected,
    state::{balance, signed_by_escrow, Config, Escrow},
};

/// Anybody can move the due fee to the job's fee vault.
#[derive(Accounts)]
pub struct CollectFee<'info> {
    pub config: AccountLoader<'info, Config>,
    #[account(mut, has_one = vault @ EscrowError::WrongVault)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: validate finds it among the configured ones
    #[account(mut)]
    pub fee_vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl CollectFee<'_> {
    fn validate(&self) -> Result<()> {
        let job = self.escrow.load()?.job;
        let fee_vault = self.config.load()?.is_fee_vault(self.fee_vault.key, &job);
        require!(fee_vault, EscrowError::WrongVault);
        Ok(())
    }

    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate()?;
        let mut escrow = accounts.escrow.load_mut()?;
        let amount = std::mem::take(&mut escrow.fee_due);
        require!(amount > 0, EscrowError::NothingToCollect);
        let envelope = escrow.envelope(&Clock::get()?)?;
        let (job, bump) = (escrow.job, escrow.bump);
        // the token program borrows this account as the authority
        drop(escrow);
        signed_by_escrow(&job, bump, |seeds| {
            let (vault, fee_vault) = (&accounts.vault, &accounts.fee_vault);
            token::transfer(vault, fee_vault, accounts.escrow.as_ref(), seeds, amount)
        })
        .ok_or(EscrowError::TokenDelta)?;
        emit!(FeeCollected {
            envelope,
            job,
            amount,
            vault: balance(&accounts.vault)?,
            fee_vault: balance(&accounts.fee_vault)?,
        });
        Ok(())
    }
}
