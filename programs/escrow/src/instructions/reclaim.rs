use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::EscrowError,
    events::Reclaimed,
    state::{balance, check_destination, signed_by_escrow, Escrow, EscrowState},
};

/// Anybody can return the amount that nobody is owed to the buyer. The last call closes the vault
/// and the escrow.
#[derive(Accounts)]
pub struct Reclaim<'info> {
    /// CHECK: the escrow names it; it receives the rent
    #[account(mut)]
    pub buyer: UncheckedAccount<'info>,
    #[account(
        mut,
        has_one = buyer @ EscrowError::WrongOwner,
        has_one = vault @ EscrowError::WrongVault,
    )]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the handler reads its mint and owner when there is something to return
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Reclaim<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let mut escrow = accounts.escrow.load_mut()?;
        require!(escrow.is(EscrowState::Final), EscrowError::NotFinal);
        let outstanding = escrow.outstanding().ok_or(EscrowError::Overflow)?;
        let amount =
            balance(&accounts.vault)?.checked_sub(outstanding).ok_or(EscrowError::Overflow)?;
        let closed = outstanding == 0;
        require!(amount > 0 || closed, EscrowError::NothingToReclaim);
        let envelope = escrow.envelope(&Clock::get()?)?;
        let (job, bump) = (escrow.job, escrow.bump);
        // the token program borrows this account as the authority
        drop(escrow);
        let (vault, destination) = (&accounts.vault, &accounts.destination);
        if amount > 0 {
            check_destination(destination, vault, accounts.buyer.key)?;
        }
        signed_by_escrow(&job, bump, |seeds| {
            let authority = accounts.escrow.as_ref();
            if amount > 0 {
                token::transfer(vault, destination, authority, seeds, amount)?;
            }
            if closed {
                token::close(vault, &accounts.buyer, authority, seeds)?;
            }
            Some(())
        })
        .ok_or(EscrowError::TokenDelta)?;
        emit!(Reclaimed { envelope, job, buyer: accounts.buyer.key(), amount, closed });
        if closed {
            accounts.escrow.close(accounts.buyer.to_account_info())?;
        }
        Ok(())
    }
}
