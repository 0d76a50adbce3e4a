use anchor_lang::prelude::*;
use protocol::token;
use staking::{calls::slash, state::Exposure};

use crate::{
    errors::{Checked, VerdictError},
    CPI_SIGNER,
};

/// The accounts for slashing everything that an exposure holds except its bond. Staking burns a
/// share, and the rest goes to `destination`.
pub struct Slashing<'a, 'info> {
    pub authority: &'a AccountInfo<'info>,
    pub pool: &'a AccountInfo<'info>,
    pub position: &'a AccountInfo<'info>,
    pub exposure: &'a AccountLoader<'info, Exposure>,
    pub verifiers: &'a AccountInfo<'info>,
    pub mint: &'a AccountInfo<'info>,
    pub stake_vault: &'a AccountInfo<'info>,
    pub destination: &'a AccountInfo<'info>,
    pub token_program: &'a AccountInfo<'info>,
}

impl Slashing<'_, '_> {
    pub fn require_of(&self, job: &Pubkey, owner: &Pubkey) -> Result<()> {
        let exposure = self.exposure.load()?;
        require_keys_eq!(exposure.job, *job, VerdictError::JobMismatch);
        require_keys_eq!(exposure.owner, *owner, VerdictError::BlameMismatch);
        Ok(())
    }

    fn balance(&self) -> Result<u64> {
        token::holding(self.destination).map(|holding| holding.amount).checked()
    }

    /// Slashes and returns the amount taken and the part of it that arrived, in base units. An
    /// empty exposure is no error, because it must not keep a job from ending.
    pub fn take(&self) -> Result<(u64, u64)> {
        let amount = self.exposure.load()?.amount;
        if amount == 0 {
            return Ok((0, 0));
        }
        let before = self.balance()?;
        let infos = [
            self.authority.clone(),
            self.pool.clone(),
            self.position.clone(),
            self.exposure.to_account_info(),
            self.verifiers.clone(),
            self.mint.clone(),
            self.stake_vault.clone(),
            self.destination.clone(),
            self.token_program.clone(),
        ];
        slash(&infos, amount, CPI_SIGNER)?;
        Ok((amount, self.balance()?.checked_sub(before).checked()?))
    }
}
