use anchor_lang::prelude::*;
use protocol::call::call;

use crate::{
    errors::Checked,
    state::{settlement, Settlement, Task},
    CPI_SIGNER,
};

/// Records the cranker's step. If it ended the task, credits everyone that the task owes and makes
/// its escrow final. Returns the sum of the credits in base units.
pub(super) fn conclude_step<'info>(
    task: &mut Task,
    cranker: Pubkey,
    fee_bps: u16,
    authority: &AccountInfo<'info>,
    escrow: &AccountInfo<'info>,
) -> Result<Settlement> {
    task.record_crank(cranker)?;
    if !task.has_ended() {
        return Ok(Settlement::default());
    }
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
