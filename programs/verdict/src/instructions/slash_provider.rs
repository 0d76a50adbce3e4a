use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Escrow;
use protocol::{addresses::VERDICT_CPI, seeds};
use staking::{program::Staking, state::Exposure};

use super::slashing::Slashing;
use crate::{
    errors::{Checked, VerdictError},
    events::ProviderSlashed,
    state::{Config, Receipt, Verdict},
};

/// Anyone may crank: the exposed stake of who committed what was proved wrong.
#[derive(Accounts)]
pub struct SlashProvider<'info> {
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(mut, seeds = [seeds::RECEIPT, verdict.load()?.job.as_ref()], bump = receipt.load()?.bump)]
    pub receipt: AccountLoader<'info, Receipt>,
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: the job's vault, compared with what the escrow says
    #[account(mut, address = escrow.load()?.vault @ VerdictError::JobMismatch)]
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

impl<'info> SlashProvider<'info> {
    /// Gives the stake to slash.
    fn validate(&self, verdict: &Verdict) -> Result<u64> {
        let provider = verdict.require_slashable()?;
        require_keys_eq!(self.escrow.load()?.job, verdict.job, VerdictError::JobMismatch);
        let exposure = self.exposure.load()?;
        require_keys_eq!(exposure.job, verdict.job, VerdictError::JobMismatch);
        require_keys_eq!(exposure.owner, provider, VerdictError::BlameMismatch);
        Ok(exposure.amount)
    }

    fn slashing(&self) -> Slashing<'_, 'info> {
        Slashing {
            authority: &self.authority,
            pool: &self.pool,
            position: &self.position,
            exposure: self.exposure.as_ref(),
            verifiers: &self.verifiers,
            mint: &self.mint,
            stake_vault: &self.stake_vault,
            destination: &self.vault,
            token_program: &self.token_program,
        }
    }
}

pub(crate) fn handler(ctx: Context<SlashProvider>) -> Result<()> {
    let accounts = ctx.accounts;
    let mut verdict = accounts.verdict.load_mut()?;
    let amount = accounts.validate(&verdict)?;
    let paid = accounts.slashing().slash(amount)?;
    let bounty = verdict.provider_slashed(paid, accounts.config.params.bounty_bps)?;
    let mut receipt = accounts.receipt.load_mut()?;
    receipt.slashed = amount;
    receipt.burned = amount.checked_sub(paid).checked()?;
    receipt.bounty = bounty;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(ProviderSlashed {
        envelope,
        job: receipt.job,
        provider: receipt.provider,
        challenger: receipt.challenger,
        slashed: amount,
        burned: receipt.burned,
        bounty,
    });
    Ok(())
}
