use anchor_lang::prelude::*;
use escrow::cpi::{accounts::Settle as CreditEscrow, settle};
use job_registry::{
    cpi::{accounts::Conclude, conclude},
    state::JobState,
};

use crate::{
    errors::{Checked, VerdictError},
    state::{Settlement, State, Verdict},
    CPI_SIGNER,
};

/// What both ends of a verdict have in common: escrow credits, the registry concludes.
pub struct Ending<'a, 'info> {
    pub authority: &'a AccountInfo<'info>,
    pub escrow: &'a AccountInfo<'info>,
    pub registry: &'a AccountInfo<'info>,
    pub job: &'a AccountInfo<'info>,
    pub provider: &'a AccountInfo<'info>,
    pub utilisation: &'a AccountInfo<'info>,
}

impl Ending<'_, '_> {
    /// Credits everyone and finalises the escrow; gives the sum of the credits.
    pub fn credit(&self, settlement: Settlement) -> Result<u64> {
        let credited = settlement
            .credits
            .iter()
            .try_fold(0u64, |sum, credit| sum.checked_add(credit.amount))
            .checked()?;
        let accounts =
            CreditEscrow { authority: self.authority.clone(), escrow: self.escrow.clone() };
        let finalise = true;
        settle(
            CpiContext::new_with_signer(escrow::ID, accounts, CPI_SIGNER),
            settlement.credits,
            settlement.fee,
            finalise,
        )?;
        Ok(credited)
    }

    pub fn conclude(&self, outcome: JobState, macs: u64) -> Result<()> {
        let accounts = Conclude {
            authority: self.authority.clone(),
            registry: self.registry.clone(),
            job: self.job.clone(),
            provider: self.provider.clone(),
            utilisation: self.utilisation.clone(),
        };
        conclude(
            CpiContext::new_with_signer(job_registry::ID, accounts, CPI_SIGNER),
            outcome as u8,
            macs,
        )
    }
}

/// Checks that job and escrow are the verdict's.
pub fn require_of_job(verdict: &Verdict, job: &Pubkey, escrow_job: &Pubkey) -> Result<()> {
    require_keys_eq!(verdict.job, *job, VerdictError::JobMismatch);
    require_keys_eq!(verdict.job, *escrow_job, VerdictError::JobMismatch);
    Ok(())
}

/// Takes the last crank step and closes the books.
pub fn finish(verdict: &mut Verdict, cranker: Pubkey) -> Result<()> {
    verdict.record_crank(cranker)?;
    verdict.state = State::Settled as u8;
    Ok(())
}
