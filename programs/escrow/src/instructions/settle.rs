use anchor_lang::prelude::*;
use protocol::addresses::VERDICT_CPI;

use crate::{
    errors::EscrowError,
    events::Settled,
    state::{Credit, Escrow, FINAL, LOCKED},
};

/// Verdict can credit parties and charge the fee, up to what is locked, and make it final.
#[derive(Accounts)]
pub struct Settle<'info> {
    #[account(address = VERDICT_CPI @ EscrowError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub escrow: AccountLoader<'info, Escrow>,
}

impl Settle<'_> {
    pub fn handler(
        ctx: Context<Self>,
        credits: Vec<Credit>,
        fee: u64,
        finalise: bool,
    ) -> Result<()> {
        let mut escrow = ctx.accounts.escrow.load_mut()?;
        require!(escrow.state == LOCKED, EscrowError::AlreadyFinal);
        for credit in &credits {
            escrow.credit(credit)?;
        }
        escrow.charge(fee).ok_or(EscrowError::Overflow)?;
        escrow.check_covered()?;
        if finalise {
            escrow.state = FINAL;
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
