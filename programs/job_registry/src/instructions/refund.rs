use anchor_lang::prelude::*;
use escrow::cpi::{accounts::Refund, refund};

use crate::CPI_SIGNER;

/// Ends a job's escrow: all of it is its buyer's again, but for a tip to whoever cranked.
pub(super) fn refund_escrow<'info>(
    authority: &UncheckedAccount<'info>,
    escrow: AccountInfo<'info>,
    tip_to: Option<Pubkey>,
    tip: u64,
) -> Result<()> {
    let accounts = Refund { authority: authority.to_account_info(), escrow };
    refund(CpiContext::new_with_signer(escrow::ID, accounts, CPI_SIGNER), tip_to, tip)
}
