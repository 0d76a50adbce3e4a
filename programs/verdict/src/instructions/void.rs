use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::{
    program::Escrow as EscrowProgram,
    state::{Config as EscrowConfig, Escrow},
};
use job_registry::{program::JobRegistry, state::JobState};
use protocol::addresses::VERDICT_CPI;
use staking::program::Staking;

use super::{ending::*, exposed_stake::*};
use crate::{
    errors::Checked,
    events::VerdictVoided,
    state::{settlement, Outcome, Verdict},
};

/// Anyone may crank. `conclusion.provider` and `stake` belong to the blamed provider, see
/// [`Verdict::blamed`].
#[derive(Accounts)]
pub struct Void<'info> {
    pub cranker: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    pub conclusion: Conclusion<'info>,
    #[account(mut)]
    pub escrow: AccountLoader<'info, Escrow>,
    pub escrow_config: AccountLoader<'info, EscrowConfig>,
    /// CHECK: compared with the job's vault, or the fee vault when data was withheld
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub stake: ExposedStake<'info>,
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
    /// Returns the blamed provider and whether it loses its bond.
    fn validate(&self, verdict: &Verdict) -> Result<(Pubkey, bool)> {
        let escrow = self.escrow.load()?;
        require_of_job(verdict, self.conclusion.job.key, &escrow.job)?;
        let (blamed, forfeits) = verdict.blamed()?;
        self.stake.require_of(&verdict.job, &blamed)?;
        let config = self.escrow_config.load()?;
        require_destination(self.destination.key, verdict.outcome(), &escrow, &config)?;
        Ok((blamed, forfeits))
    }

    fn ending(&self) -> Ending<'_, 'info> {
        Ending {
            authority: &self.authority,
            escrow: self.escrow.as_ref(),
            conclusion: &self.conclusion,
        }
    }

    /// Forfeits the bond to the job's vault, where the buyer reclaims it, or to the fee vault when
    /// data was withheld.
    fn forfeit(&self) -> Result<()> {
        let penalty = Penalty {
            authority: &self.authority,
            stake: &self.stake,
            stake_vault: &self.stake_vault,
            destination: &self.destination,
            token_program: &self.token_program,
        };
        penalty.forfeit_bond()
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
    let slashed = (verdict.fraud.bounty > 0).then_some(accounts.destination.as_ref());
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
