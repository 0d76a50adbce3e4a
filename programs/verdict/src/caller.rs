//! Calls to the other programs, signed as this one.

use anchor_lang::{
    prelude::*,
    solana_program::{instruction::Instruction, program::invoke_signed},
    InstructionData,
};
use protocol::{addresses::VERDICT_CPI_BUMP, seeds};

/// Calls `program`. Anchor's generated calls make a vector of every account; with a dozen accounts
/// that costs as much again as the call itself.
pub fn call(
    program: Pubkey,
    accounts: impl ToAccountMetas,
    arguments: impl InstructionData,
    infos: &[AccountInfo],
) -> Result<()> {
    let instruction = Instruction {
        program_id: program,
        accounts: accounts.to_account_metas(None),
        data: arguments.data(),
    };
    Ok(invoke_signed(&instruction, infos, &[&[seeds::CPI, &[VERDICT_CPI_BUMP]]])?)
}
