use anchor_lang::prelude::*;
use job_registry::state::JobState;
use protocol::call::call;
use staking::state::Terms;

use crate::{
    errors::{Checked, VerdictError},
    state::{Settlement, State, Verdict},
    CPI_SIGNER,
};

/// The accounts of the registry that end a job.
#[derive(Accounts)]
pub struct Conclusion<'info> {
    /// CHECK: the verdict's job; the registry checks the rest
    #[account(mut)]
    pub job: UncheckedAccount<'info>,
    /// CHECK: the Provider that is paid or blamed, as the registry checks; any account after a trap
    #[account(mut)]
    pub provider: UncheckedAccount<'info>,
    /// CHECK: checked by the registry
    #[account(mut)]
    pub utilisation: UncheckedAccount<'info>,
    pub terms: AccountLoader<'info, Terms>,
}

/// The accounts and steps that both ends of a verdict share: escrow credits, and the registry
/// concludes.
pub struct Ending<'a, 'info> {
    pub authority: &'a AccountInfo<'info>,
    pub escrow: &'a AccountInfo<'info>,
    pub conclusion: &'a Conclusion<'info>,
}

impl<'info> Ending<'_, 'info> {
    /// Credits everyone and finalises the escrow. Returns the sum of the credits. With `slashed`,
    /// the job's vault, a bounty may be credited beyond the amount that the buyer locked.
    pub fn credit(
        &self,
        settlement: Settlement,
        slashed: Option<&AccountInfo<'info>>,
    ) -> Result<u64> {
        let credited = settlement
            .credits
            .iter()
            .try_fold(0u64, |sum, credit| sum.checked_add(credit.amount))
            .checked()?;
        let mut infos = vec![self.authority.clone(), self.escrow.clone()];
        infos.extend(slashed.cloned());
        call(
            escrow::ID,
            escrow::accounts::Settle {
                authority: *self.authority.key,
                escrow: *self.escrow.key,
                vault: slashed.map(|vault| *vault.key),
            },
            escrow::instruction::Settle {
                credits: settlement.credits,
                fee: settlement.fee,
                extra: settlement.bounty,
                finalise: true,
            },
            &infos,
            CPI_SIGNER,
        )?;
        Ok(credited)
    }

    /// Concludes the job in the registry. `blamed` is the provider whose reputation a void costs.
    pub fn conclude(&self, outcome: JobState, macs: u64, blamed: Pubkey) -> Result<()> {
        let Conclusion { job, provider, utilisation, terms } = self.conclusion;
        call(
            job_registry::ID,
            job_registry::accounts::Conclude {
                authority: *self.authority.key,
                terms: terms.key(),
                job: *job.key,
                provider: *provider.key,
                utilisation: *utilisation.key,
            },
            job_registry::instruction::Conclude { outcome: outcome as u8, paid_macs: macs, blamed },
            &[
                self.authority.clone(),
                terms.to_account_info(),
                job.to_account_info(),
                provider.to_account_info(),
                utilisation.to_account_info(),
            ],
            CPI_SIGNER,
        )
    }
}

/// Checks that the job and the escrow belong to the verdict.
pub fn require_of_job(verdict: &Verdict, job: &Pubkey, escrow_job: &Pubkey) -> Result<()> {
    require_keys_eq!(verdict.job, *job, VerdictError::JobMismatch);
    require_keys_eq!(verdict.job, *escrow_job, VerdictError::JobMismatch);
    Ok(())
}

/// Records the last crank step and settles the verdict.
pub fn finish(verdict: &mut Verdict, cranker: Pubkey) -> Result<()> {
    verdict.record_crank(cranker)?;
    verdict.state = State::Settled as u8;
    Ok(())
}
