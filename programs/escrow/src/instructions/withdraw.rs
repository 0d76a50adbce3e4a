use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::EscrowError,
    events::CreditPaid,
    state::{balance, check_destination, signed_by_escrow, Escrow},
};

/// Anybody can pay out a credit, once, to a token account that its party owns.
#[derive(Accounts)]
pub struct Withdraw<'info> {
    #[account(mut, has_one = vault @ EscrowError::WrongVault)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the handler reads its mint and owner
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Withdraw<'_> {
    pub fn handler(ctx: Context<Self>, index: u8) -> Result<()> {
        let accounts = ctx.accounts;
        let mut escrow = accounts.escrow.load_mut()?;
        let credit = escrow.pay(index)?;
        check_destination(&accounts.destination, &accounts.vault, &credit.party)?;
        let envelope = escrow.envelope(&Clock::get()?)?;
        let (job, bump) = (escrow.job, escrow.bump);
        // the token program borrows this account as the authority
        drop(escrow);
        signed_by_escrow(&job, bump, |seeds| {
            let (vault, destination) = (&accounts.vault, &accounts.destination);
            token::transfer(vault, destination, accounts.escrow.as_ref(), seeds, credit.amount)
        })
        .ok_or(EscrowError::TokenDelta)?;
        emit!(CreditPaid {
            envelope,
            job,
            party: credit.party,
            amount: credit.amount,
            vault: balance(&accounts.vault)?,
        });
        Ok(())
    }
}
