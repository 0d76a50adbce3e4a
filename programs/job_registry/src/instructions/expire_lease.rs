use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Config;
use protocol::addresses::JOB_REGISTRY_CPI;
use staking::{
    calls::{forfeit_bond, unlock_exposure},
    program::Staking,
    state::{Exposure, Pool, Position, Terms},
};

use crate::{
    errors::RegistryError,
    events::{envelope, LeaseExpired, ProviderRated},
    state::{Job, Lease, Provider},
    CPI_SIGNER,
};

#[derive(Accounts)]
pub struct ExpireLease<'info> {
    #[account(constraint = terms.load()?.govern(job.load()?.terms) @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
    pub escrow_config: AccountLoader<'info, Config>,
    /// CHECK: the fee vault of the job's shard, which receives the bond
    #[account(
        mut,
        constraint = escrow_config.load()?.is_fee_vault(fee_vault.key, &job.key())
            @ RegistryError::WrongVault,
    )]
    pub fee_vault: UncheckedAccount<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(
        mut,
        constraint = position.load()?.owner == provider.load()?.owner @ RegistryError::WrongPosition,
    )]
    pub position: AccountLoader<'info, Position>,
    /// The provider's exposure to this job. Those to its other jobs are not affected.
    #[account(
        mut,
        has_one = job @ RegistryError::WrongJob,
        constraint = exposure.load()?.owner == provider.load()?.owner @ RegistryError::WrongProvider,
    )]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: whoever paid the exposure's rent, as staking checks
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    /// CHECK: staking compares it with its pool's
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: staking's tree of seat weights
    #[account(mut)]
    pub verifiers: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = JOB_REGISTRY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl ExpireLease<'_> {
    fn validate(&self, slot: u64) -> Result<Lease> {
        let (job, provider) = (self.job.load()?, self.provider.load()?);
        job.require_lapsed(slot)?;
        require_keys_eq!(provider.owner, job.lease.provider, RegistryError::WrongProvider);
        Ok(job.lease)
    }

    /// Forfeits the bond to the fee vault. The buyer gets none of it, so it gains nothing by keeping
    /// a provider from its data.
    fn forfeit(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.pool.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.verifiers.to_account_info(),
            self.stake_vault.to_account_info(),
            self.fee_vault.to_account_info(),
            self.token_program.to_account_info(),
        ];
        forfeit_bond(&infos, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<ExpireLease>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let lease = accounts.validate(clock.slot)?;
    // a provider that committed a stage is responsible for it until the job ends
    let answers = lease.has_stage == 1;
    let key = accounts.job.key();
    {
        let mut job = accounts.job.load_mut()?;
        let mut provider = accounts.provider.load_mut()?;
        job.reopen(clock.slot, &accounts.terms.load()?.parameters.job_registry)?;
        provider.lapse()?;
        emit!(LeaseExpired {
            envelope: envelope(&mut job.sequence, &clock)?,
            job: key,
            provider: provider.owner,
            attempts: job.attempts,
            bond: lease.bond,
            exposed: if answers { lease.exposure } else { 0 },
            claim_deadline: job.claim_deadline,
        });
        emit!(ProviderRated::of(&mut provider, key, &clock)?);
    }
    accounts.forfeit()?;
    if answers {
        return Ok(());
    }
    // the released exposure account stays and bars the provider from this job
    let infos = [
        accounts.authority.to_account_info(),
        accounts.payer.to_account_info(),
        accounts.position.to_account_info(),
        accounts.exposure.to_account_info(),
    ];
    unlock_exposure(&infos, false, CPI_SIGNER)
}
