use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::EscrowError,
    events::Burned,
    state::{balance, signed_by_escrow, Escrow, EscrowState},
};

/// Redundancy, or verdict for its jobs, can burn a part of the locked amount. Together with the
/// credits and the fee it never exceeds that amount.
#[derive(Accounts)]
pub struct Burn<'info> {
    #[account(constraint = escrow.load()?.is_judge(authority.key) @ EscrowError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut, has_one = vault @ EscrowError::WrongVault)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the token program compares it with the vault's
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Burn<'_> {
    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let mut escrow = accounts.escrow.load_mut()?;
        require!(escrow.is(EscrowState::Locked), EscrowError::AlreadyFinal);
        require!(amount > 0, EscrowError::NothingToBurn);
        escrow.burn(amount).ok_or(EscrowError::Overflow)?;
        escrow.check_covered(0)?;
        let envelope = escrow.envelope(&Clock::get()?)?;
        let (job, bump) = (escrow.job, escrow.bump);
        // the token program borrows this account as the authority
        drop(escrow);
        signed_by_escrow(&job, bump, |seeds| {
            token::burn(&accounts.mint, &accounts.vault, accounts.escrow.as_ref(), seeds, amount)
        })
        .ok_or(EscrowError::TokenDelta)?;
        emit!(Burned { envelope, job, amount, vault: balance(&accounts.vault)? });
        Ok(())
    }
}
