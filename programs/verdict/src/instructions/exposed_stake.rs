use anchor_lang::prelude::*;
use escrow::state::{Config as EscrowConfig, Escrow};
use protocol::token;
use staking::{
    calls::{forfeit_bond, slash},
    state::Exposure,
};

use crate::{
    errors::{Checked, VerdictError},
    state::Outcome,
    CPI_SIGNER,
};

/// The accounts of staking behind one exposure, which every call that takes or frees it needs.
#[derive(Accounts)]
pub struct ExposedStake<'info> {
    /// CHECK: checked by staking
    #[account(mut)]
    pub pool: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the exposure
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    #[account(mut)]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub verifiers: UncheckedAccount<'info>,
}

impl ExposedStake<'_> {
    pub fn require_of(&self, job: &Pubkey, owner: &Pubkey) -> Result<()> {
        let exposure = self.exposure.load()?;
        require_keys_eq!(exposure.job, *job, VerdictError::JobMismatch);
        require_keys_eq!(exposure.owner, *owner, VerdictError::BlameMismatch);
        Ok(())
    }
}

/// Takes what an exposure holds and pays it to `destination`.
pub struct Penalty<'a, 'info> {
    pub authority: &'a AccountInfo<'info>,
    pub stake: &'a ExposedStake<'info>,
    pub stake_vault: &'a AccountInfo<'info>,
    pub destination: &'a AccountInfo<'info>,
    pub token_program: &'a AccountInfo<'info>,
}

impl<'info> Penalty<'_, 'info> {
    fn balance(&self) -> Result<u64> {
        token::holding(self.destination).map(|holding| holding.amount).checked()
    }

    /// Takes the bond alone.
    pub fn forfeit_bond(&self) -> Result<()> {
        let infos = [
            self.authority.clone(),
            self.stake.pool.to_account_info(),
            self.stake.position.to_account_info(),
            self.stake.exposure.to_account_info(),
            self.stake.verifiers.to_account_info(),
            self.stake_vault.clone(),
            self.destination.clone(),
            self.token_program.clone(),
        ];
        forfeit_bond(&infos, CPI_SIGNER)
    }

    /// Takes all but the bond, of which staking burns a share. Returns the amounts that were taken
    /// and that arrived. An empty exposure has nothing to take, and must not keep a job from
    /// ending.
    pub fn slash(&self, mint: &AccountInfo<'info>, burn_bps: u64) -> Result<(u64, u64)> {
        let amount = self.stake.exposure.load()?.amount;
        if amount == 0 {
            return Ok((0, 0));
        }
        let before = self.balance()?;
        let infos = [
            self.authority.clone(),
            self.stake.pool.to_account_info(),
            self.stake.position.to_account_info(),
            self.stake.exposure.to_account_info(),
            self.stake.verifiers.to_account_info(),
            mint.clone(),
            self.stake_vault.clone(),
            self.destination.clone(),
            self.token_program.clone(),
        ];
        slash(&infos, amount, burn_bps, CPI_SIGNER)?;
        Ok((amount, self.balance()?.checked_sub(before).checked()?))
    }
}

/// Refuses every account except the one that receives what the convicted provider loses: the job's
/// vault after a proof, whose bounty and refund it pays, and the fee vault when data was withheld.
/// So nobody gains by keeping a provider from answering.
pub fn require_destination(
    destination: &Pubkey,
    outcome: Outcome,
    escrow: &Escrow,
    config: &EscrowConfig,
) -> Result<()> {
    let valid = if outcome == Outcome::Withheld {
        config.is_fee_vault(destination, &escrow.job)
    } else {
        escrow.vault == *destination
    };
    require!(valid, VerdictError::JobMismatch);
    Ok(())
}
