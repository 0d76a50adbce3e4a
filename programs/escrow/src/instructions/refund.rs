use anchor_lang::prelude::*;
use protocol::addresses::JOB_REGISTRY_CPI;

use crate::{
    errors::EscrowError,
    events::Refunded,
    state::{Credit, Escrow, EscrowState, Judge},
};

/// The registry can end the escrow of a job that nobody did. The cranker gets its tip.
#[derive(Accounts)]
pub struct Refund<'info> {
    #[account(address = JOB_REGISTRY_CPI @ EscrowError::WrongCaller)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub escrow: AccountLoader<'info, Escrow>,
}

impl Refund<'_> {
    pub fn handler(ctx: Context<Self>, tip_to: Option<Pubkey>, tip: u64) -> Result<()> {
        let mut escrow = ctx.accounts.escrow.load_mut()?;
        require!(escrow.judge == Judge::Verdict as u8, EscrowError::WrongCaller);
        require!(escrow.is(EscrowState::Locked), EscrowError::AlreadyFinal);
        let tip = if let Some(party) = tip_to {
            require_gte!(escrow.tips, tip, EscrowError::TipExceedsTips);
            escrow.credit(&Credit { party, amount: tip })?;
            escrow.check_covered(0)?;
            tip
        } else {
            0
        };
        escrow.state = EscrowState::Final as u8;
        emit!(Refunded { envelope: escrow.envelope(&Clock::get()?)?, job: escrow.job, tip });
        Ok(())
    }
}
