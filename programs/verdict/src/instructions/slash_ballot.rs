use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Config as EscrowConfig;
use protocol::addresses::VERDICT_CPI;
use staking::{program::Staking, state::Exposure};

use super::slashing::Slashing;
use crate::{
    errors::{Checked, VerdictError},
    events::BallotSlashed,
    state::Verdict,
};

/// Anyone may crank: the exposed stake of who accepted what was proved wrong.
#[derive(Accounts)]
pub struct SlashBallot<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
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
    pub escrow_config: AccountLoader<'info, EscrowConfig>,
    /// CHECK: the escrow program's fee vault of the job's shard
    #[account(mut)]
    pub fee_vault: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl<'info> SlashBallot<'info> {
    /// Gives the stake to slash.
    fn validate(&self, job: &Pubkey, verifier: &Pubkey) -> Result<u64> {
        let config = self.escrow_config.load()?;
        let vault = config.fee_vaults.get(EscrowConfig::shard(job)).checked()?;
        require_keys_eq!(self.fee_vault.key(), *vault, VerdictError::JobMismatch);
        let exposure = self.exposure.load()?;
        require_keys_eq!(exposure.job, *job, VerdictError::JobMismatch);
        require_keys_eq!(exposure.owner, *verifier, VerdictError::BlameMismatch);
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
            destination: &self.fee_vault,
            token_program: &self.token_program,
        }
    }
}

pub(crate) fn handler(ctx: Context<SlashBallot>, ballot: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let mut verdict = accounts.verdict.load_mut()?;
    let verifier = verdict.slash_ballot(ballot)?;
    let job = verdict.job;
    let amount = accounts.validate(&job, &verifier)?;
    let paid = accounts.slashing().slash(amount)?;
    let burned = amount.checked_sub(paid).checked()?;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(BallotSlashed { envelope, job, ballot, verifier, slashed: amount, burned });
    Ok(())
}
