use anchor_lang::prelude::*;
use protocol::call::call;

use crate::{
    errors::Checked,
    state::{settlement, Settlement, Task},
    CPI_SIGNER,
};

/// Records the cranker's step. If it ended the task, burns what an undecided task costs, credits
/// everyone that the task owes and makes its escrow final. Returns how the money was divided.
///
/// Infos: authority, escrow, vault, mint, token program.
pub(super) fn conclude_step(
    task: &mut Task,
    cranker: Pubkey,
    fee_bps: u64,
    infos: &[AccountInfo; 5],
) -> Result<Settlement> {
    task.record_crank(cranker)?;
    if !task.has_ended() {
        return Ok(Settlement::default());
    }
    let settlement = settlement(task, fee_bps).checked()?;
    if settlement.burned > 0 {
        burn(infos, settlement.burned)?;
    }
    settle(infos, &settlement)?;
    Ok(settlement)
}

fn burn(infos: &[AccountInfo; 5], amount: u64) -> Result<()> {
    let [authority, escrow, vault, mint, token_program] = infos.each_ref().map(|info| *info.key);
    call(
        escrow::ID,
        escrow::accounts::Burn { authority, escrow, vault, mint, token_program },
        escrow::instruction::Burn { amount },
        infos,
        CPI_SIGNER,
    )
}

fn settle([authority, escrow, ..]: &[AccountInfo; 5], settlement: &Settlement) -> Result<()> {
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
    )
}
