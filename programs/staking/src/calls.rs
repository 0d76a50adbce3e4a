//! Calls that other programs make to this one. Infos are in the order of the instruction's
//! accounts. `signer` holds the seeds of the caller's own signer.

use anchor_lang::prelude::*;
use protocol::call::call;

use crate::{accounts, instruction};

/// Infos: signer, authority, job, position, exposure, system program.
pub fn lock_exposure(
    infos: &[AccountInfo; 6],
    amount: u64,
    bond: u64,
    signer: &[&[&[u8]]],
) -> Result<()> {
    let [signer_key, authority, job, position, exposure, system_program] = keys(infos);
    call(
        crate::ID,
        accounts::LockExposure {
            signer: signer_key,
            authority,
            job,
            position,
            exposure,
            system_program,
        },
        instruction::LockExposure { amount, bond },
        infos,
        signer,
    )
}

/// Infos: authority, payer, position, exposure.
pub fn unlock_exposure(infos: &[AccountInfo; 4], close: bool, signer: &[&[&[u8]]]) -> Result<()> {
    let [authority, payer, position, exposure] = keys(infos);
    call(
        crate::ID,
        accounts::UnlockExposure { authority, payer, position, exposure },
        instruction::UnlockExposure { close },
        infos,
        signer,
    )
}

/// Infos: authority, pool, position, exposure, verifiers, stake vault, destination, token program.
pub fn forfeit_bond(infos: &[AccountInfo; 8], signer: &[&[&[u8]]]) -> Result<()> {
    let [authority, pool, position, exposure, verifiers, stake_vault, destination, token_program] =
        keys(infos);
    call(
        crate::ID,
        accounts::ForfeitBond {
            authority,
            pool,
            position,
            exposure,
            verifiers,
            stake_vault,
            destination,
            token_program,
        },
        instruction::ForfeitBond {},
        infos,
        signer,
    )
}

/// Infos: authority, pool, position, exposure, verifiers, mint, stake vault, destination, token
/// program.
pub fn slash(
    infos: &[AccountInfo; 9],
    amount: u64,
    burn_bps: u64,
    signer: &[&[&[u8]]],
) -> Result<()> {
    let [authority, pool, position, exposure, verifiers, mint, stake_vault, destination, token_program] =
        keys(infos);
    call(
        crate::ID,
        accounts::Slash {
            authority,
            pool,
            position,
            exposure,
            verifiers,
            mint,
            stake_vault,
            destination,
            token_program,
        },
        instruction::Slash { amount, burn_bps },
        infos,
        signer,
    )
}

/// Infos: authority, pool, position, exposure, verifiers.
pub fn record_catch(infos: &[AccountInfo; 5], signer: &[&[&[u8]]]) -> Result<()> {
    let [authority, pool, position, exposure, verifiers] = keys(infos);
    call(
        crate::ID,
        accounts::RecordCatch { authority, pool, position, exposure, verifiers },
        instruction::RecordCatch {},
        infos,
        signer,
    )
}

/// Infos: authority, pool, position, verifiers, stake vault, destination, token program.
pub fn fine(infos: &[AccountInfo; 7], fine: u64, signer: &[&[&[u8]]]) -> Result<()> {
    let [authority, pool, position, verifiers, stake_vault, destination, token_program] =
        keys(infos);
    call(
        crate::ID,
        accounts::Fine {
            authority,
            pool,
            position,
            verifiers,
            stake_vault,
            destination,
            token_program,
        },
        instruction::Fine { fine },
        infos,
        signer,
    )
}

fn keys<const N: usize>(infos: &[AccountInfo; N]) -> [Pubkey; N] {
    infos.each_ref().map(|info| *info.key)
}
