use anchor_lang::prelude::*;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use protocol::addresses::JOB_REGISTRY_CPI;

use crate::{
    errors::RegistryError, events::JobEnded, instructions::refund::refund_escrow, state::Job,
};

#[derive(Accounts)]
pub struct Cancel<'info> {
    pub buyer: Signer<'info>,
    #[account(mut, has_one = buyer @ RegistryError::Unauthorized)]
    pub job: AccountLoader<'info, Job>,
    #[account(mut, has_one = job @ RegistryError::WrongEscrow)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the program's own signer
    #[account(address = JOB_REGISTRY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub escrow_program: Program<'info, EscrowProgram>,
}

pub(crate) fn handler(ctx: Context<Cancel>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.job.key();
    {
        let mut job = accounts.job.load_mut()?;
        job.cancel(clock.slot)?;
        emit!(JobEnded::of(&mut job, key, &clock)?);
    }
    refund_escrow(&accounts.authority, accounts.escrow.as_ref(), None, 0)
}
