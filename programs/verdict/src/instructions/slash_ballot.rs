use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Config as EscrowConfig;
use protocol::addresses::VERDICT_CPI;
use staking::{program::Staking, state::Terms};

use super::exposed_stake::*;
use crate::{errors::VerdictError, events::BallotSlashed, state::Verdict};

/// Anyone may crank. A verifier that accepted what was proven wrong loses its exposure: a share is
/// burned, and the rest goes to the escrow program's fee vault of the job's shard.
#[derive(Accounts)]
pub struct SlashBallot<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    pub stake: ExposedStake<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    pub escrow_config: AccountLoader<'info, EscrowConfig>,
    /// CHECK: the fee vault of the job's shard
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

pub(crate) fn handler(ctx: Context<SlashBallot>, ballot: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let mut verdict = accounts.verdict.load_mut()?;
    let verifier = verdict.slash_ballot(ballot)?;
    accounts.stake.require_of(&verdict.job, &verifier)?;
    let penalty = Penalty {
        authority: &accounts.authority,
        stake: &accounts.stake,
        stake_vault: &accounts.stake_vault,
        destination: &accounts.fee_vault,
        token_program: &accounts.token_program,
    };
    let (slashed, _) =
        penalty.slash(&accounts.mint, accounts.terms.load()?.parameters.staking.slash_burn_bps)?;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(BallotSlashed { envelope, job: verdict.job, ballot, verifier, slashed });
    Ok(())
}
