// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{
    fixed, seeds,
    shards::{shard_of, SHARDS},
    token, Envelope,
};

use crate::errors::EscrowError;

/// Number of fee vaults. There are several so that settling jobs do not wait for one account.
pub const FEE_VAULTS: usize = SHARDS as usize;

#[derive(
    AnchorSerialize,
    AnchorDeserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
)]
#[repr(C)]
pub struct Params {
    /// Base units of $NLOV that are burned when a job or task is locked.
    pub posting_fee: u64,
    /// Share of an urgency premium that is burned, in basis points. It is a u64 so that no padding
    /// is needed.
    pub urgency_burn_bps: u64,
    /// Share of every payment to a provider that is charged as a fee, in basis points.
    pub fee_bps: u16,
    /// Stakers' share of the fees, in basis points. The three shares add up to 10,000.
    pub stakers_bps: u16,
    /// Treasury's share of the fees, in basis points.
    pub treasury_bps: u16,
    /// Share of the fees that is burned, in basis points.
    pub burn_bps: u16,
}

impl Params {
    pub fn validate(&self) -> Result<()> {
        let split = [self.stakers_bps, self.treasury_bps, self.burn_bps];
        let sum = split.iter().try_fold(0u64, |sum, bps| sum.checked_add(u64::from(*bps)));
        let valid = sum == Some(fixed::BPS)
            && u64::from(self.fee_bps) <= fixed::BPS
            && self.urgency_burn_bps <= fixed::BPS;
        require!(valid, EscrowError::InvalidParams);
        Ok(())
    }
}

/// Where fees go, at `["config"]`. It is the authority of the fee vaults.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    pub authority: Pubkey,
    pub mint: Pubkey,
    pub treasury: Pubkey,
    /// The fee vault of each shard; zero until it is initialized.
    pub fee_vaults: [Pubkey; FEE_VAULTS],
    pub params: Params,
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
    pub fn split(&self, amount: u64) -> Option<[u64; 3]> {
        let stakers = fixed::bps_floor(amount, self.params.stakers_bps)?;
        let treasury = fixed::bps_floor(amount, self.params.treasury_bps)?;
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

    fn params() -> Params {
        Params { stakers_bps: 5_000, treasury_bps: 3_000, burn_bps: 2_000, ..Params::default() }
    }

    #[test]
    fn shares_must_be_all_of_the_fee() {
        assert!(params().validate().is_ok());
        assert!(Params { burn_bps: 1_999, ..params() }.validate().is_err());
        assert!(Params { fee_bps: 10_001, ..params() }.validate().is_err());
        assert!(Params { urgency_burn_bps: 10_001, ..params() }.validate().is_err());
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(std::mem::size_of::<Params>(), 24);
        assert_eq!(Config::SPACE, 8 + 96 + 32 * FEE_VAULTS + 24 + 16);
    }
}
