use anchor_lang::prelude::*;
use job_registry::state::Job;
use staking::state::Terms;

use crate::{
    errors::VerdictError,
    events::TrapOpened,
    state::{Receipt, Verdict},
};

/// Anyone who knows the salt can show that the buyer ordered a proven lie.
#[derive(Accounts)]
pub struct OpenTrap<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: AccountLoader<'info, Job>,
    #[account(mut, has_one = job @ VerdictError::JobMismatch)]
    pub receipt: AccountLoader<'info, Receipt>,
}

pub(crate) fn handler(ctx: Context<OpenTrap>, salt: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    let mut receipt = accounts.receipt.load_mut()?;
    let hidden = accounts.job.load()?.trap;
    verdict.open_trap(
        &hidden,
        &receipt,
        &salt,
        accounts.terms.load()?.parameters.verdict.trap_slots,
        clock.slot,
    )?;
    receipt.trap = 1;
    emit!(TrapOpened {
        envelope: verdict.next_envelope(&clock)?,
        job: verdict.job,
        provider: receipt.provider,
        operator: receipt.operator,
        salt,
    });
    Ok(())
}
