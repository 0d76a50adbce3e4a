use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Config as EscrowConfig;
use protocol::addresses::VERDICT_CPI;
use staking::{
    calls::{record_catch, unlock_exposure},
    program::Staking,
};

use super::exposed_stake::*;
use crate::{
    errors::VerdictError,
    events::BallotReleased,
    state::{Released, Verdict},
    CPI_SIGNER,
};

/// Anyone may crank, because nobody but the verifier and the payer of the rent receives anything.
#[derive(Accounts)]
pub struct ReleaseBallot<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    /// CHECK: whoever paid the exposure's rent, as staking checks
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    pub stake: ExposedStake<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    pub escrow_config: AccountLoader<'info, EscrowConfig>,
    /// CHECK: the fee vault of the job's shard, where a withheld ballot's fee goes
    #[account(
        mut,
        constraint = escrow_config.load()?.is_fee_vault(fee_vault.key, &verdict.load()?.job)
            @ VerdictError::JobMismatch,
    )]
    pub fee_vault: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl<'info> ReleaseBallot<'info> {
    fn validate(&self, job: &Pubkey, verifier: &Pubkey) -> Result<()> {
        let exposure = self.stake.exposure.load()?;
        require_keys_eq!(exposure.job, *job, VerdictError::JobMismatch);
        require_keys_eq!(exposure.owner, *verifier, VerdictError::Unauthorized);
        Ok(())
    }

    fn forfeit(&self) -> Result<()> {
        let penalty = Penalty {
            authority: &self.authority,
            stake: &self.stake,
            stake_vault: &self.stake_vault,
            destination: &self.fee_vault,
            token_program: &self.token_program,
        };
        penalty.forfeit_bond()
    }

    fn record_catch(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.stake.pool.to_account_info(),
            self.stake.position.to_account_info(),
            self.stake.exposure.to_account_info(),
            self.stake.verifiers.to_account_info(),
        ];
        record_catch(&infos, CPI_SIGNER)
    }

    fn unlock(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.payer.to_account_info(),
            self.stake.position.to_account_info(),
            self.stake.exposure.to_account_info(),
        ];
        unlock_exposure(&infos, true, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<ReleaseBallot>, ballot: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let mut verdict = accounts.verdict.load_mut()?;
    let Released { verifier, withheld, caught } = verdict.release(ballot)?;
    let job = verdict.job;
    accounts.validate(&job, &verifier)?;
    if withheld {
        accounts.forfeit()?;
    }
    if caught {
        accounts.record_catch()?;
    }
    accounts.unlock()?;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(BallotReleased { envelope, job, ballot, verifier, withheld, caught });
    Ok(())
}
