use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use job_registry::{program::JobRegistry, state::JobState};
use protocol::addresses::VERDICT_CPI;
use staking::{calls::forfeit_bond, program::Staking, state::Exposure};

use super::ending::{finish, require_of_job, Ending};
use crate::{
    errors::{Checked, VerdictError},
    events::VerdictVoided,
    state::{settlement, Outcome, Verdict},
    CPI_SIGNER,
};

/// Anyone may crank. `provider`, `position` and `exposure` belong to the blamed provider, see
/// [`Verdict::blamed`].
#[derive(Accounts)]
pub struct Void<'info> {
    pub cranker: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    /// CHECK: the verdict's job; the registry checks the rest
    #[account(mut)]
    pub job: UncheckedAccount<'info>,
    /// CHECK: the blamed Provider, as the registry checks; any account after a trap
    #[account(mut)]
    pub provider: UncheckedAccount<'info>,
    /// CHECK: checked by the registry
    #[account(mut)]
    pub utilisation: UncheckedAccount<'info>,
    /// CHECK: read by the registry
    pub registry: UncheckedAccount<'info>,
    #[account(mut)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the job's vault, compared with the vault that the escrow names
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub pool: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the exposure
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    #[account(mut)]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub verifiers: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub escrow_program: Program<'info, EscrowProgram>,
    pub job_registry_program: Program<'info, JobRegistry>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl<'info> Void<'info> {
    /// Returns the blamed provider and whether its bond goes to the buyer.
    fn validate(&self, verdict: &Verdict) -> Result<(Pubkey, bool)> {
        let (escrow, exposure) = (self.escrow.load()?, self.exposure.load()?);
        require_of_job(verdict, self.job.key, &escrow.job)?;
        require_keys_eq!(exposure.job, verdict.job, VerdictError::JobMismatch);
        let (blamed, forfeits) = verdict.blamed()?;
        require_keys_eq!(exposure.owner, blamed, VerdictError::BlameMismatch);
        require_keys_eq!(escrow.vault, self.vault.key(), VerdictError::JobMismatch);
        Ok((blamed, forfeits))
    }

    fn ending(&self) -> Ending<'_, 'info> {
        Ending {
            authority: &self.authority,
            escrow: self.escrow.as_ref(),
            registry: &self.registry,
            job: &self.job,
            provider: &self.provider,
            utilisation: &self.utilisation,
        }
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

pub(crate) fn handler(ctx: Context<Void>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.require_voidable()?;
    let (blamed, forfeited) = accounts.validate(&verdict)?;
    finish(&mut verdict, accounts.cranker.key())?;
    if forfeited {
        accounts.forfeit()?;
    }
    let ending = accounts.ending();
    let slashed = (verdict.fraud.bounty > 0).then_some(accounts.vault.as_ref());
    let credited = ending.credit(settlement(&verdict, 0).checked()?, slashed)?;
    let obeyed = verdict.outcome() == Outcome::Trap;
    ending.conclude(JobState::Voided, 0, if obeyed { Pubkey::default() } else { blamed })?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(VerdictVoided {
        envelope,
        job: verdict.job,
        outcome: verdict.outcome,
        credited,
        blamed,
        forfeited,
    });
    Ok(())
}
