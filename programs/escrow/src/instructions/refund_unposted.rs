use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::EscrowError,
    events::UnpostedRefunded,
    state::{balance, check_destination, is_unposted, signed_by_escrow, Escrow, EscrowState},
};

/// A buyer can take everything back while its job has not been posted, except for the burned
/// amount.
#[derive(Accounts)]
pub struct RefundUnposted<'info> {
    #[account(mut)]
    pub buyer: Signer<'info>,
    /// CHECK: the escrow names it
    pub job: UncheckedAccount<'info>,
    #[account(
        mut,
        has_one = buyer @ EscrowError::WrongOwner,
        has_one = job @ EscrowError::WrongJob,
        has_one = vault @ EscrowError::WrongVault,
        close = buyer,
    )]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl RefundUnposted<'_> {
    fn validate(&self) -> Result<()> {
        require!(is_unposted(&self.job), EscrowError::JobExists);
        require!(self.escrow.load()?.is(EscrowState::Locked), EscrowError::AlreadyFinal);
        check_destination(&self.destination, &self.vault, self.buyer.key)
    }

    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate()?;
        let amount = balance(&accounts.vault)?;
        let mut escrow = accounts.escrow.load_mut()?;
        let envelope = escrow.envelope(&Clock::get()?)?;
        let (job, bump) = (escrow.job, escrow.bump);
        // the token program borrows this account as the authority
        drop(escrow);
        signed_by_escrow(&job, bump, |seeds| {
            let authority = accounts.escrow.as_ref();
            let (vault, destination) = (&accounts.vault, &accounts.destination);
            token::transfer(vault, destination, authority, seeds, amount)?;
            token::close(vault, &accounts.buyer, authority, seeds)
        })
        .ok_or(EscrowError::TokenDelta)?;
        emit!(UnpostedRefunded { envelope, job, buyer: accounts.buyer.key(), amount });
        Ok(())
    }
}
