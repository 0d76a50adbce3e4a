use anchor_lang::prelude::*;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use job_registry::{program::JobRegistry, state::JobState};
use protocol::addresses::VERDICT_CPI;

use super::ending::*;
use crate::{
    errors::{Checked, VerdictError},
    events::VerdictSettled,
    state::{settlement, Outcome, State, Verdict},
};

/// Anyone may crank.
#[derive(Accounts)]
pub struct Settle<'info> {
    pub cranker: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    pub conclusion: Conclusion<'info>,
    #[account(mut)]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub escrow_program: Program<'info, EscrowProgram>,
    pub job_registry_program: Program<'info, JobRegistry>,
}

impl<'info> Settle<'info> {
    fn validate(&self, slot: u64) -> Result<()> {
        let verdict = self.verdict.load()?;
        verdict.require_payable(slot)?;
        require!(self.conclusion.terms.load()?.govern(verdict.terms), VerdictError::WrongTerms);
        require_of_job(&verdict, self.conclusion.job.key, &self.escrow.load()?.job)
    }

    fn ending(&self) -> Ending<'_, 'info> {
        Ending {
            authority: &self.authority,
            escrow: self.escrow.as_ref(),
            conclusion: &self.conclusion,
        }
    }
}

pub(crate) fn handler(ctx: Context<Settle>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    accounts.validate(clock.slot)?;
    let fee_bps = accounts.conclusion.terms.load()?.parameters.escrow.fee_bps;
    let mut verdict = accounts.verdict.load_mut()?;
    if verdict.require(State::Disputed).is_ok() {
        verdict.outcome = Outcome::Unproven as u8;
    }
    finish(&mut verdict, accounts.cranker.key())?;
    let settlement = settlement(&verdict, fee_bps).checked()?;
    let (fee, macs) = (settlement.fee, settlement.macs);
    let ending = accounts.ending();
    let credited = ending.credit(settlement, None)?;
    ending.conclude(JobState::Settled, macs, Pubkey::default())?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(VerdictSettled {
        envelope,
        job: verdict.job,
        outcome: verdict.outcome,
        credited,
        fee,
        macs,
    });
    Ok(())
}
