use anchor_lang::prelude::*;
use protocol::call::call;

use crate::CPI_SIGNER;

/// Ends a job's escrow. Everything is refunded to the buyer except a tip for the cranker.
pub(super) fn refund_escrow<'info>(
    authority: &AccountInfo<'info>,
    escrow: &AccountInfo<'info>,
    tip_to: Option<Pubkey>,
    tip: u64,
) -> Result<()> {
    call(
        escrow::ID,
        escrow::accounts::Refund { authority: *authority.key, escrow: *escrow.key },
        escrow::instruction::Refund { tip_to, tip },
        &[authority.clone(), escrow.clone()],
        CPI_SIGNER,
    )
}
