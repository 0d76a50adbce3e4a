use anchor_lang::prelude::*;
use protocol::token;

use crate::{
    caller::call,
    errors::{Checked, VerdictError},
};

/// What staking needs to slash one exposure.
pub struct Slashing<'a, 'info> {
    pub authority: &'a AccountInfo<'info>,
    pub pool: &'a AccountInfo<'info>,
    pub position: &'a AccountInfo<'info>,
    pub exposure: &'a AccountInfo<'info>,
    pub verifiers: &'a AccountInfo<'info>,
    pub mint: &'a AccountInfo<'info>,
    pub stake_vault: &'a AccountInfo<'info>,
    pub destination: &'a AccountInfo<'info>,
    pub token_program: &'a AccountInfo<'info>,
}

impl Slashing<'_, '_> {
    /// Gives what reached the destination; the rest of `amount` is burned.
    pub fn slash(&self, amount: u64) -> Result<u64> {
        // staking refuses to slash nothing, which must not keep a job from ending
        if amount == 0 {
            return Ok(0);
        }
        let before = self.held()?;
        call(
            staking::ID,
            staking::accounts::Slash {
                authority: *self.authority.key,
                pool: *self.pool.key,
                position: *self.position.key,
                exposure: *self.exposure.key,
                verifiers: *self.verifiers.key,
                mint: *self.mint.key,
                stake_vault: *self.stake_vault.key,
                destination: *self.destination.key,
                token_program: *self.token_program.key,
            },
            staking::instruction::Slash { amount },
            &[
                self.authority.clone(),
                self.pool.clone(),
                self.position.clone(),
                self.exposure.clone(),
                self.verifiers.clone(),
                self.mint.clone(),
                self.stake_vault.clone(),
                self.destination.clone(),
                self.token_program.clone(),
            ],
        )?;
        self.held()?.checked_sub(before).checked()
    }

    fn held(&self) -> Result<u64> {
        Ok(token::holding(self.destination).ok_or(VerdictError::JobMismatch)?.amount)
    }
}
