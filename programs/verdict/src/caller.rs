//! Calls to the other programs, signed as this one.

use anchor_lang::{prelude::*, InstructionData};
use protocol::{addresses::VERDICT_CPI_BUMP, seeds};

/// Calls `program` with this program's signature.
pub fn call(
    program: Pubkey,
    accounts: impl ToAccountMetas,
    arguments: impl InstructionData,
    infos: &[AccountInfo],
) -> Result<()> {
    let signer: &[&[&[u8]]] = &[&[seeds::CPI, &[VERDICT_CPI_BUMP]]];
    protocol::call::call(program, accounts, arguments, infos, signer)
}
