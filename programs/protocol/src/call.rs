//! Calls from one program to another.

use anchor_lang::{
    prelude::*,
    solana_program::{instruction::Instruction, program::invoke_signed},
    InstructionData,
};

/// Calls `program`, signed with the seeds. Anchor's generated calls build a vector of every
/// account, which for a dozen accounts costs as much as the call itself.
pub fn call(
    program: Pubkey,
    accounts: impl ToAccountMetas,
    arguments: impl InstructionData,
    infos: &[AccountInfo],
    signer: &[&[&[u8]]],
) -> Result<()> {
    let instruction = Instruction {
        program_id: program,
        accounts: accounts.to_account_metas(None),
        data: arguments.data(),
    };
    Ok(invoke_signed(&instruction, infos, signer)?)
}
