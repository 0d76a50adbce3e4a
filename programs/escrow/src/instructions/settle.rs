use anchor_lang::prelude::*;

use crate::{
    errors::EscrowError,
    events::Settled,
    state::{balance, Credit, Escrow, EscrowState},
};

/// Verdict, or redundancy for its tasks, can credit parties and charge the fee, up to what is
/// locked, and make it final. `extra`, base units that reached the vault besides, raises that limit;
/// the vault must then be given and hold all that is owed.
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
