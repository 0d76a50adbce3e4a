use anchor_lang::prelude::*;
use protocol::{addresses::VERDICT_CPI, creation::canonical_bump, seeds};
use staking::state::{RegistryParams, Terms};

use crate::{
    errors::{Checked, RegistryError},
    events::{JobEnded, ProviderRated},
    state::{Job, JobState, Provider, UtilisationShard},
};

#[derive(Accounts)]
pub struct Conclude<'info> {
    #[account(address = VERDICT_CPI @ RegistryError::Unauthorized)]
    pub authority: Signer<'info>,
    #[account(constraint = terms.load()?.govern(job.load()?.terms) @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// CHECK: the Provider account of the rated provider, or its empty address if that provider has
    /// deregistered; any account if nobody is rated
    #[account(mut)]
    pub provider: UncheckedAccount<'info>,
    #[account(mut)]
    pub utilisation: AccountLoader<'info, UtilisationShard>,
}

pub(crate) fn handler<'info>(
    ctx: Context<'info, Conclude<'info>>,
    outcome: u8,
    paid_macs: u64,
    blamed: Pubkey,
) -> Result<()> {
    let outcome = JobState::from_code(outcome)
        .filter(|state| matches!(state, JobState::Settled | JobState::Voided))
        .ok_or(RegistryError::InvalidOutcome)?;
    let clock = Clock::get()?;
    let accounts = ctx.accounts;
    let key = accounts.job.key();
    let mut job = accounts.job.load_mut()?;
    job.conclude(outcome, clock.slot)?;
    let rated = if outcome == JobState::Settled { job.lease.provider } else { blamed };
    let terms = accounts.terms.load()?;
    let mut utilisation = accounts.utilisation.load_mut()?;
    utilisation.require_for(&key)?;
    if rated != Pubkey::default() {
        let params = &terms.parameters.job_registry;
        let rates = rate(&accounts.provider, rated, &job, (key, outcome), params, &clock)?;
        utilisation.change_rate(rates.0, rates.1);
    }
    if outcome == JobState::Settled {
        utilisation.settle(terms.window(clock.slot).checked()?, paid_macs);
    }
    emit!(JobEnded::of(&mut job, key, &clock)?);
    Ok(())
}

/// Rates a provider and returns its measured rate before and after.
fn rate<'info>(
    account: &'info AccountInfo<'info>,
    rated: Pubkey,
    job: &Job,
    (key, outcome): (Pubkey, JobState),
    params: &RegistryParams,
    clock: &Clock,
) -> Result<(u64, u64)> {
    if *account.owner != crate::ID {
        // nobody can spare a provider its rating by passing another account
        let seeds: [&[u8]; 2] = [seeds::PROVIDER, rated.as_ref()];
        canonical_bump(account.key, &seeds, &crate::ID).ok_or(RegistryError::WrongProvider)?;
        return Ok((0, 0));
    }
    let loader = AccountLoader::<Provider>::try_from(account)?;
    let mut provider = loader.load_mut()?;
    require!(provider.owner == rated, RegistryError::WrongProvider);
    let before = provider.measured_rate;
    if outcome == JobState::Settled {
        let slots = job.committed_slot.checked_sub(job.lease.claimed_slot).checked()?;
        provider.succeed((job.lease.macs, slots), job.lease.price, clock.slot, params);
    } else {
        provider.fail();
    }
    emit!(ProviderRated::of(&mut provider, key, clock)?);
    Ok((before, provider.measured_rate))
}
