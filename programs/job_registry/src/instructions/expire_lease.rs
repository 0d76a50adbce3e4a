use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Escrow;
use protocol::addresses::JOB_REGISTRY_CPI;
use staking::{
    calls::{forfeit_bond, unlock_exposure},
    program::Staking,
    state::{Exposure, Pool, Position},
};

use crate::{
    errors::RegistryError,
    events::{envelope, LeaseExpired, ProviderRated},
    state::{Job, Lease, Provider, Registry},
    CPI_SIGNER,
};

#[derive(Accounts)]
pub struct ExpireLease<'info> {
    pub registry: Box<Account<'info, Registry>>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// CHECK: compared with the lease's provider
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
    #[account(has_one = job @ RegistryError::WrongEscrow)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the escrow names it
    #[account(mut, address = escrow.load()?.vault @ RegistryError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ RegistryError::WrongPosition)]
    pub position: AccountLoader<'info, Position>,
    /// The provider's exposure to this job. Those to its other jobs are not affected.
    #[account(
        mut,
        has_one = job @ RegistryError::WrongJob,
        has_one = owner @ RegistryError::WrongProvider,
    )]
    pub exposure: AccountLoader<'info, Exposure>,
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
        require!(
            provider.owner == job.lease.provider && self.owner.key() == job.lease.provider,
            RegistryError::WrongProvider
        );
        Ok(job.lease)
    }

    /// Forfeits the bond to the job's vault, where the buyer reclaims it.
    fn forfeit(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.pool.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.verifiers.to_account_info(),
            self.stake_vault.to_account_info(),
            self.vault.to_account_info(),
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
        job.reopen(clock.slot, &accounts.registry.params)?;
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
        accounts.owner.to_account_info(),
        accounts.position.to_account_info(),
        accounts.exposure.to_account_info(),
    ];
    unlock_exposure(&infos, false, CPI_SIGNER)
}
