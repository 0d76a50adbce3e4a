use anchor_lang::prelude::*;

use crate::{
    errors::EscrowError,
    events::Settled,
    state::{balance, Credit, Escrow, EscrowState},
};

/// Verdict, or redundancy for its tasks, can credit parties and charge the fee up to the locked
/// amount, and make the escrow final. `extra`, in base units, is an amount that reached the vault
/// in addition and raises that limit. In that case the vault must be passed and must hold
/// everything that is owed.
#[derive(Accounts)]
pub struct Settle<'info> {
    #[account(constraint = escrow.load()?.is_judge(authority.key) @ EscrowError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(address = escrow.load()?.vault @ EscrowError::WrongVault)]
    pub vault: Option<UncheckedAccount<'info>>,
}

impl Settle<'_> {
    pub fn handler(
        ctx: Context<Self>,
        credits: Vec<Credit>,
        fee: u64,
        extra: u64,
        finalise: bool,
    ) -> Result<()> {
        let mut escrow = ctx.accounts.escrow.load_mut()?;
        require!(escrow.is(EscrowState::Locked), EscrowError::AlreadyFinal);
        for credit in &credits {
            escrow.credit(credit)?;
        }
        escrow.charge(fee).ok_or(EscrowError::Overflow)?;
        escrow.check_covered(extra)?;
        if extra > 0 {
            let vault = ctx.accounts.vault.as_ref().ok_or(EscrowError::WrongVault)?;
            let owed = escrow.outstanding().ok_or(EscrowError::Overflow)?;
            require_gte!(balance(vault)?, owed, EscrowError::ExceedsVault);
        }
        if finalise {
            escrow.state = EscrowState::Final as u8;
        }
        emit!(Settled {
            envelope: escrow.envelope(&Clock::get()?)?,
            job: escrow.job,
            credited: escrow.credited,
            fee: escrow.fee,
            finalised: finalise,
        });
        Ok(())
    }
}
