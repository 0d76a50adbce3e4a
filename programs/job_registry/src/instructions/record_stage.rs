use anchor_lang::prelude::*;
use protocol::addresses::VERDICT_CPI;
use staking::state::Terms;

use crate::{
    errors::RegistryError,
    events::{envelope, ProviderRated, StageRecorded},
    state::{Job, Provider},
};

#[derive(Accounts)]
pub struct RecordStage<'info> {
    #[account(address = VERDICT_CPI @ RegistryError::Unauthorized)]
    pub authority: Signer<'info>,
    #[account(constraint = terms.load()?.govern(job.load()?.terms) @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The lease's provider.
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
}

pub(crate) fn handler(ctx: Context<RecordStage>, last: u16, macs_done: u64) -> Result<()> {
    let clock = Clock::get()?;
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    let mut provider = ctx.accounts.provider.load_mut()?;
    let terms = ctx.accounts.terms.load()?;
    let params = &terms.parameters.job_registry;
    let complete = job.record_stage(last, macs_done, clock.slot, params)?;
    require!(provider.owner == job.lease.provider, RegistryError::WrongProvider);
    if complete {
        provider.commit()?;
        emit!(ProviderRated::of(&mut provider, key, &clock)?);
    }
    emit!(StageRecorded {
        envelope: envelope(&mut job.sequence, &clock)?,
        job: key,
        provider: provider.owner,
        progress: job.progress,
        expires_slot: job.lease.expires_slot,
        state: job.state,
    });
    Ok(())
}
