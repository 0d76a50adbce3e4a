use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::addresses::VERDICT_CPI;
use staking::program::Staking;

use super::{exposed_stake::*, fee_vault::require_fee_vault};
use crate::{events::BallotSlashed, state::Verdict};

/// Anyone may crank. A verifier that accepted what was proven wrong loses its exposure: a share is
/// burned, and the rest goes to the escrow program's fee vault of the job's shard.
#[derive(Accounts)]
pub struct SlashBallot<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    pub stake: ExposedStake<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: escrow's config, loaded as such where it is read
    pub escrow_config: UncheckedAccount<'info>,
    /// CHECK: compared with the vault that escrow's config names
    #[account(mut)]
    pub fee_vault: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = VERDICT_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

pub(crate) fn handler<'info>(ctx: Context<'info, SlashBallot<'info>>, ballot: u8) -> Result<()> {
    let accounts: &'info SlashBallot<'info> = ctx.accounts;
    let mut verdict = accounts.verdict.load_mut()?;
    let verifier = verdict.slash_ballot(ballot)?;
    require_fee_vault(&accounts.escrow_config, &accounts.fee_vault, &verdict.job)?;
    accounts.stake.require_of(&verdict.job, &verifier)?;
    let penalty = Penalty {
        authority: &accounts.authority,
        stake: &accounts.stake,
        stake_vault: &accounts.stake_vault,
        destination: &accounts.fee_vault,
        token_program: &accounts.token_program,
    };
    let (slashed, _) = penalty.slash(&accounts.mint)?;
    let envelope = verdict.next_envelope(&Clock::get()?)?;
    emit!(BallotSlashed { envelope, job: verdict.job, ballot, verifier, slashed });
    Ok(())
}
