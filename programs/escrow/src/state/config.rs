// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{
    fixed, seeds,
    shards::{shard_of, SHARDS},
    token, Envelope,
};
use staking::state::EscrowParams;

use crate::errors::EscrowError;

/// Number of fee vaults. There are several so that settling jobs do not wait for one account.
pub const FEE_VAULTS: usize = SHARDS as usize;

/// Where fees go, at `["config"]`. It is the authority of the fee vaults.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    pub mint: Pubkey,
    /// The fee vault of each shard; zero until it is initialized.
    pub fee_vaults: [Pubkey; FEE_VAULTS],
    pub sequence: u64,
    pub bump: u8,
    pub padding: [u8; 7],
}

impl Config {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    /// Returns the shard that a job's fees go to.
    pub fn shard(job: &Pubkey) -> usize {
        usize::from(shard_of(job))
    }

    /// Returns whether `vault` is the fee vault of the job's shard.
    pub fn is_fee_vault(&self, vault: &Pubkey, job: &Pubkey) -> bool {
        self.fee_vaults.get(Self::shard(job)) == Some(vault)
    }

    pub fn envelope(&mut self, clock: &Clock) -> Result<Envelope> {
        Ok(Envelope::next(&mut self.sequence, clock).ok_or(EscrowError::Overflow)?)
    }

    /// Refuses an account that is not `owner`'s token account of the configured mint.
    pub fn check_owned(&self, account: &AccountInfo, owner: &Pubkey) -> Result<()> {
        let holding = token::holding(account)
            .filter(|holding| holding.mint == self.mint)
            .ok_or(EscrowError::WrongTokenAccount)?;
        require_keys_eq!(holding.owner, *owner, EscrowError::WrongOwner);
        Ok(())
    }

    /// Splits collected fees into the parts of stakers, treasury and burn. The remainder of the
    /// rounding is burned.
    pub fn split(amount: u64, params: &EscrowParams) -> Option<[u64; 3]> {
        let stakers = fixed::bps_floor(amount, params.stakers_bps)?;
        let treasury = fixed::bps_floor(amount, params.treasury_bps)?;
        Some([stakers, treasury, amount.checked_sub(stakers)?.checked_sub(treasury)?])
    }
}

/// Runs `call` with the seeds that sign for the fee vaults.
pub fn signed_by_config<T>(bump: u8, call: impl FnOnce(&[&[&[u8]]]) -> T) -> T {
    call(&[&[seeds::CONFIG, &[bump]]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_fee_is_burned() {
        let params = EscrowParams {
            stakers_bps: 5_000,
            treasury_bps: 3_000,
            burn_bps: 2_000,
            ..EscrowParams::default()
        };
        assert_eq!(Config::split(11, &params), Some([5, 3, 3]));
        assert_eq!(Config::split(0, &params), Some([0, 0, 0]));
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(Config::SPACE, 8 + 32 + 32 * FEE_VAULTS + 16);
    }
}
