use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Config as EscrowConfig;
use protocol::{
    addresses::{STAKING, VERDICT_CPI},
    creation::canonical_bump,
    seeds,
};
use staking::{
    calls::fine,
    program::Staking,
    state::{Position, Seat, Terms},
};

use crate::{errors::VerdictError, events::SilenceReported, state::Verdict, CPI_SIGNER};

/// Anyone may report that a drawn verifier kept silent. It pays the silence fee to the fee vault,
/// or what collateral other ballots leave of it. Nobody is fined for a seat that has gone to another
/// owner since the draw, nor a party of the job, which may not cast.
#[derive(Accounts)]
pub struct ReportSilent<'info> {
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    /// CHECK: the seat that was drawn, or its empty address once it is closed
    pub seat: UncheckedAccount<'info>,
    /// The position of the seat's owner. Not required when nobody is fined.
    #[account(mut)]
    pub position: Option<AccountLoader<'info, Position>>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub pool: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub verifiers: UncheckedAccount<'info>,
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

impl<'info> ReportSilent<'info> {
    /// Returns whoever held seat `index` in the snapshot of `epoch`, unless the seat is another
    /// owner's by now.
    fn holder(&self, index: u16, epoch: u64) -> Result<Option<Pubkey>> {
        let seeds: [&[u8]; 2] = [seeds::SEAT, &index.to_le_bytes()];
        canonical_bump(self.seat.key, &seeds, &STAKING).ok_or(VerdictError::SeatMismatch)?;
        if *self.seat.owner != STAKING {
            return Ok(None);
        }
        let seat = Seat::try_deserialize(&mut &self.seat.try_borrow_data()?[..])?;
        Ok(seat.may_cast(epoch).then_some(seat.owner))
    }

    fn fine(&self, verifier: &Pubkey) -> Result<()> {
        let position = self.position.as_ref().ok_or(VerdictError::SeatMismatch)?;
        require_keys_eq!(position.load()?.owner, *verifier, VerdictError::SeatMismatch);
        let amount = self.terms.load()?.parameters.verdict.silence_fee;
        let infos = [
            self.authority.to_account_info(),
            self.pool.to_account_info(),
            position.to_account_info(),
            self.verifiers.to_account_info(),
            self.stake_vault.to_account_info(),
            self.fee_vault.to_account_info(),
            self.token_program.to_account_info(),
        ];
        fine(&infos, amount, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<ReportSilent>, ballot: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    let (seat, epoch) = verdict.report(ballot, clock.slot)?;
    let holder = accounts.holder(seat, epoch)?.filter(|holder| !verdict.is_party(holder));
    if let Some(verifier) = &holder {
        accounts.fine(verifier)?;
    }
    emit!(SilenceReported {
        envelope: verdict.next_envelope(&clock)?,
        job: verdict.job,
        ballot,
        seat,
        verifier: holder.unwrap_or_default(),
    });
    Ok(())
}
