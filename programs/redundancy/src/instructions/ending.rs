use anchor_lang::prelude::*;
use protocol::call::call;

use crate::{
    errors::Checked,
    state::{settlement, Settlement, Task},
    CPI_SIGNER,
};

/// Credits everyone whom an ended task owes, and makes its escrow final.
pub(super) fn settle_escrow<'info>(
    task: &Task,
    fee_bps: u16,
    authority: &AccountInfo<'info>,
    escrow: &AccountInfo<'info>,
) -> Result<Settlement> {
    let settlement = settlement(task, fee_bps).checked()?;
    call(
        escrow::ID,
        escrow::accounts::Settle { authority: *authority.key, escrow: *escrow.key, vault: None },
        escrow::instruction::Settle {
            credits: settlement.credits.clone(),
            fee: settlement.fee,
            extra: 0,
            finalise: true,
        },
        &[authority.clone(), escrow.clone()],
        CPI_SIGNER,
    )?;
    Ok(settlement)
}
