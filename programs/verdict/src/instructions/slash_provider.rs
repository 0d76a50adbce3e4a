use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::{Config as EscrowConfig, Escrow};
use protocol::addresses::VERDICT_CPI;
use staking::{program::Staking, state::Terms};

use super::exposed_stake::*;
use crate::{
    errors::{Checked, VerdictError},
    events::ProviderSlashed,
    state::{Receipt, Verdict},
};

/// Anyone may crank once no trap can be opened any more. The convicted provider loses its whole
/// exposure: a share is burned, and the rest goes to the job's vault for the challenger and the
/// buyer, or to the fee vault when data was withheld.
#[derive(Accounts)]
pub struct SlashProvider<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub receipt: AccountLoader<'info, Receipt>,
    pub escrow: AccountLoader<'info, Escrow>,
    pub escrow_config: AccountLoader<'info, EscrowConfig>,
    /// CHECK: compared with the job's vault, or the fee vault when data was withheld
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub stake: ExposedStake<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl SlashProvider<'_> {
    fn validate(&self, slot: u64) -> Result<()> {
        let verdict = self.verdict.load()?;
        verdict.require_slashable()?;
        let receipt = self.receipt.load()?;
        require_keys_eq!(receipt.job, verdict.job, VerdictError::JobMismatch);
        // this holds for every job, so that nobody can see which ones are traps
        let may_be_trap =
            receipt.may_be_trap(self.terms.load()?.parameters.verdict.trap_slots, slot)?;
        require!(!may_be_trap, VerdictError::TrapOpen);
        let (escrow, config) = (self.escrow.load()?, self.escrow_config.load()?);
        require_keys_eq!(escrow.job, verdict.job, VerdictError::JobMismatch);
        require_destination(self.destination.key, verdict.outcome(), &escrow, &config)?;
        self.stake.require_of(&verdict.job, &verdict.convicted()?.provider)
    }

    fn slash(&self) -> Result<(u64, u64)> {
        let penalty = Penalty {
            authority: &self.authority,
            stake: &self.stake,
            stake_vault: &self.stake_vault,
            destination: &self.destination,
            token_program: &self.token_program,
        };
        penalty.slash(&self.mint, self.terms.load()?.parameters.staking.slash_burn_bps)
    }
}

pub(crate) fn handler(ctx: Context<SlashProvider>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    accounts.validate(clock.slot)?;
    let (slashed, paid) = accounts.slash()?;
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.slashed(paid, accounts.terms.load()?.parameters.verdict.bounty_bps)?;
    let mut receipt = accounts.receipt.load_mut()?;
    receipt.slashed = slashed;
    receipt.burned = slashed.checked_sub(paid).checked()?;
    receipt.bounty = verdict.fraud.bounty;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(ProviderSlashed {
        envelope,
        job: verdict.job,
        provider: receipt.provider,
        slashed,
        burned: receipt.burned,
        bounty: receipt.bounty,
    });
    Ok(())
}
