use anchor_lang::prelude::*;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use protocol::addresses::JOB_REGISTRY_CPI;
use staking::state::Terms;

use crate::{
    errors::RegistryError,
    events::JobEnded,
    instructions::refund::refund_escrow,
    state::{Expiry, Job},
};

#[derive(Accounts)]
pub struct ExpireJob<'info> {
    /// Earns the job's crank tip when the job ends here.
    pub cranker: Signer<'info>,
    #[account(constraint = terms.load()?.govern(job.load()?.terms) @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    #[account(mut, has_one = job @ RegistryError::WrongEscrow)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the program's own signer
    #[account(address = JOB_REGISTRY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub escrow_program: Program<'info, EscrowProgram>,
}

pub(crate) fn handler(ctx: Context<ExpireJob>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.job.key();
    let (expiry, tip) = {
        let mut job = accounts.job.load_mut()?;
        let expiry = job.expire(clock.slot, &accounts.terms.load()?.parameters.job_registry)?;
        emit!(JobEnded::of(&mut job, key, &clock)?);
        (expiry, job.tip)
    };
    match expiry {
        Expiry::Refunded => refund_escrow(
            &accounts.authority,
            accounts.escrow.as_ref(),
            Some(accounts.cranker.key()),
            tip,
        ),
        Expiry::Partial => Ok(()),
    }
}
