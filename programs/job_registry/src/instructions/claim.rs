use anchor_lang::prelude::*;
use protocol::{
    addresses::JOB_REGISTRY_CPI,
    slot_hashes::{self, Lookup},
};
use staking::{
    calls::lock_exposure,
    program::Staking,
    state::{Pool, Position, RegistryParams, Terms},
};

use crate::{
    errors::{Checked, RegistryError},
    events::{envelope, JobClaimed},
    state::{
        claim_order::{delay, lot, weight},
        price::quote,
        Job, Market, Provider,
    },
    CPI_SIGNER,
};

const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

#[derive(Accounts)]
pub struct Claim<'info> {
    /// The provider or its operator, which pays the rent of the exposure.
    #[account(mut)]
    pub signer: Signer<'info>,
    #[account(constraint = terms.load()?.govern(job.load()?.terms) @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    pub market: Box<Account<'info, Market>>,
    #[account(
        mut,
        constraint = provider.load()?.owner == position.load()?.owner @ RegistryError::WrongProvider,
    )]
    pub provider: AccountLoader<'info, Provider>,
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, constraint = position.load()?.acts(signer.key) @ RegistryError::Unauthorized)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: staking creates it at this job's and provider's address
    #[account(mut)]
    pub exposure: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = JOB_REGISTRY_CPI)]
    pub authority: UncheckedAccount<'info>,
    /// CHECK: read in place
    #[account(address = SLOT_HASHES @ RegistryError::WrongSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub system_program: Program<'info, System>,
}

impl<'info> Claim<'info> {
    fn validate(&self, slot: u64) -> Result<()> {
        let terms = self.terms.load()?;
        let params = &terms.parameters.job_registry;
        let (job, provider) = (self.job.load()?, self.provider.load()?);
        job.require_claimable(slot, params)?;
        require!(job.buyer != provider.owner, RegistryError::BuyerIsProvider);
        require!(self.exposure.data_is_empty(), RegistryError::ProviderBarred);
        require!(provider.draining == 0, RegistryError::ProviderDraining);
        require!(job.macs <= provider.max_macs, RegistryError::JobTooLarge);
        let posted = terms.window(job.posted_slot).checked()?;
        let registered = terms.window(provider.registered_slot).checked()?;
        provider.require_registered(posted, registered, params.min_registration_windows)?;
        require!(slot >= self.turn(&job, &provider, params, posted)?, RegistryError::BeforeTurn);
        Ok(())
    }

    /// Returns the first slot in which this provider may claim. When the hash has aged out,
    /// everyone may claim. The stake counts that stood before the job was posted, so nobody can
    /// choose a key for it after seeing the hash. Reputation is taken as of posting, so that no
    /// turn moves away while a provider waits for it.
    fn turn(
        &self,
        job: &Job,
        provider: &Provider,
        params: &RegistryParams,
        window: u64,
    ) -> Result<u64> {
        let wait = match slot_hashes::lookup(&self.slot_hashes, job.posted_slot)
            .ok_or(RegistryError::WrongSlotHashes)?
        {
            Lookup::Aged => return Ok(job.posted_slot),
            Lookup::NotYet => params.claim_max_delay_slots,
            Lookup::Found { hash, .. } => delay(
                params,
                lot(&hash, &self.job.key(), &provider.owner),
                weight(
                    self.position.load()?.claim_weight(window),
                    provider.reputation_at(job.posted_slot, params.reputation_half_life_slots),
                ),
                self.pool.load()?.standing_leasable(window),
            ),
        };
        job.posted_slot.checked_add(1).and_then(|first| first.checked_add(wait)).checked()
    }

    fn lock(&self, exposure: u64, bond: u64) -> Result<()> {
        let infos = [
            self.signer.to_account_info(),
            self.authority.to_account_info(),
            self.job.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.system_program.to_account_info(),
        ];
        lock_exposure(&infos, exposure, bond, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<Claim>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    accounts.validate(clock.slot)?;
    let terms = accounts.terms.load()?;
    let params = &terms.parameters.job_registry;
    let key = accounts.job.key();
    let (exposure, bond) = {
        let mut job = accounts.job.load_mut()?;
        let mut provider = accounts.provider.load_mut()?;
        let quote = quote(params, &accounts.market, &provider, job.macs).checked()?;
        require!(quote <= job.price, RegistryError::QuoteAbovePrice);
        let price = quote.checked_add(job.urgency).checked()?;
        let (exposure, bond) = job.collateral(params).checked()?;
        provider.begin()?;
        job.claim(provider.owner, price, (exposure, bond), clock.slot, params)?;
        emit!(JobClaimed {
            envelope: envelope(&mut job.sequence, &clock)?,
            job: key,
            provider: provider.owner,
            attempt: job.lease.attempt,
            price,
            exposure,
            bond,
            expires_slot: job.lease.expires_slot,
            cap_slot: job.lease.cap_slot,
            active: provider.active,
        });
        (exposure, bond)
    };
    accounts.lock(exposure, bond)
}
