use anchor_lang::prelude::*;
use protocol::call::call;

use crate::CPI_SIGNER;

/// What takes the bond of an exposure and gives it to `destination`. A bond forfeited before moves
/// nothing.
pub struct Forfeiture<'a, 'info> {
    pub authority: &'a AccountInfo<'info>,
    pub pool: &'a AccountInfo<'info>,
    pub position: &'a AccountInfo<'info>,
    pub exposure: &'a AccountInfo<'info>,
    pub verifiers: &'a AccountInfo<'info>,
    pub stake_vault: &'a AccountInfo<'info>,
    pub destination: &'a AccountInfo<'info>,
    pub token_program: &'a AccountInfo<'info>,
}

impl Forfeiture<'_, '_> {
    pub fn take(&self) -> Result<()> {
        call(
            staking::ID,
            staking::accounts::ForfeitBond {
                authority: *self.authority.key,
                pool: *self.pool.key,
                position: *self.position.key,
                exposure: *self.exposure.key,
                verifiers: *self.verifiers.key,
                stake_vault: *self.stake_vault.key,
                destination: *self.destination.key,
                token_program: *self.token_program.key,
            },
            staking::instruction::ForfeitBond {},
            &[
                self.authority.clone(),
                self.pool.clone(),
                self.position.clone(),
                self.exposure.clone(),
                self.verifiers.clone(),
                self.stake_vault.clone(),
                self.destination.clone(),
                self.token_program.clone(),
            ],
            CPI_SIGNER,
        )
    }
}
