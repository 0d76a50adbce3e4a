// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::{prelude::*, Discriminator};
use protocol::addresses::{JOB_REGISTRY_CPI, REDUNDANCY_CPI, VERDICT_CPI};

use crate::errors::StakingError;

protocol::codes! {
    /// Values of `Exposure.state`.
    pub enum ExposureState {
        /// The stake is locked and cannot be withdrawn.
        Locked = 0,
        /// The stake is free again.
        Released = 1,
    }
}

/// Stake that one party has at risk for its part in one job, at `["exposure", job, owner]`. While a
/// released exposure is kept, its owner cannot be exposed to the same job again.
#[account(zero_copy)]
#[derive(Debug, Default)]
pub struct Exposure {
    pub job: Pubkey,
    pub owner: Pubkey,
    /// The `["cpi"]` signer of the program that locked the exposure. Only this signer can unlock
    /// it.
    pub authority: Pubkey,
    /// The signer that paid the account's rent and gets it back: the owner or its operator.
    pub payer: Pubkey,
    pub amount: u64,
    pub bond: u64,
    pub locked_slot: u64,
    pub state: u8,
    /// 1 once the exposure is slashed.
    pub slashed: u8,
    pub bump: u8,
    /// 1 once the exposure has earned its owner a catch.
    pub caught: u8,
    /// 1 if the owner's operator locked it, so that it counts against the operator's budget.
    pub by_operator: u8,
    /// 1 if it backs a ballot and is part of the collateral, 0 if it backs a lease.
    pub ballot: u8,
    pub padding: [u8; 2],
}

impl Exposure {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    /// Initialises an exposure in a new account's zero bytes. Returns None when their length is
    /// wrong.
    pub fn initialised(data: &mut [u8]) -> Option<&mut Self> {
        let (discriminator, fields) = data.split_at_mut_checked(Self::DISCRIMINATOR.len())?;
        discriminator.copy_from_slice(Self::DISCRIMINATOR);
        bytemuck::try_from_bytes_mut(fields).ok()
    }

    /// Returns whether `authority` belongs to a program that may lock exposures and forfeit their
    /// bonds.
    pub fn is_locker(authority: &Pubkey) -> bool {
        [JOB_REGISTRY_CPI, VERDICT_CPI, REDUNDANCY_CPI].contains(authority)
    }

    /// Returns whether an exposure that `authority` locks backs a ballot.
    pub fn backs_ballot(authority: &Pubkey) -> bool {
        *authority == VERDICT_CPI
    }

    /// Returns whether `authority` may forfeit the bond: the program that locked the exposure, or
    /// verdict.
    pub fn may_forfeit(&self, authority: &Pubkey) -> bool {
        *authority == self.authority || *authority == VERDICT_CPI
    }

    pub fn is(&self, state: ExposureState) -> bool {
        self.state == state as u8
    }

    pub fn total(&self) -> Option<u64> {
        self.amount.checked_add(self.bond)
    }

    /// Releases the exposure and returns the amount that goes back to the free stake.
    pub fn release(&mut self) -> Result<u64> {
        require!(self.is(ExposureState::Locked), StakingError::AlreadyReleased);
        self.state = ExposureState::Released as u8;
        Ok(self.total().ok_or(StakingError::Overflow)?)
    }

    /// Forfeits the bond and returns the amount lost, which is 0 the second time.
    pub fn forfeit(&mut self) -> Result<u64> {
        require!(self.is(ExposureState::Locked), StakingError::AlreadyReleased);
        Ok(std::mem::take(&mut self.bond))
    }

    /// Records a catch. An exposure earns one catch at most, and only while its stake is locked.
    pub fn catch(&mut self) -> Result<()> {
        require!(self.is(ExposureState::Locked), StakingError::AlreadyReleased);
        require!(self.slashed == 0, StakingError::AlreadySlashed);
        require!(self.caught == 0, StakingError::AlreadyCaught);
        self.caught = 1;
        Ok(())
    }

    pub fn slash(&mut self, amount: u64) -> Result<()> {
        require!(self.is(ExposureState::Locked), StakingError::AlreadyReleased);
        require!(self.slashed == 0, StakingError::AlreadySlashed);
        self.amount = self.amount.checked_sub(amount).ok_or(StakingError::SlashExceedsExposure)?;
        self.slashed = 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure() -> Exposure {
        Exposure { amount: 10, bond: 2, authority: JOB_REGISTRY_CPI, ..Exposure::default() }
    }

    #[test]
    fn releases_once_what_is_left() {
        let mut exposure = exposure();
        assert_eq!(exposure.forfeit().unwrap(), 2);
        assert_eq!(exposure.forfeit().unwrap(), 0);
        assert_eq!(exposure.release().unwrap(), 10);
        assert!(exposure.release().is_err());
        assert!(exposure.forfeit().is_err());
    }

    #[test]
    fn slashes_once_and_at_most_its_amount() {
        let mut exposure = exposure();
        assert!(exposure.slash(11).is_err());
        exposure.slash(4).unwrap();
        assert!(exposure.slash(1).is_err());
        assert_eq!(exposure.release().unwrap(), 8);
    }

    #[test]
    fn catches_once_and_never_what_was_slashed() {
        let mut caught = exposure();
        caught.catch().unwrap();
        assert_eq!(caught.catch(), Err(StakingError::AlreadyCaught.into()));
        let mut slashed = exposure();
        slashed.slash(1).unwrap();
        assert_eq!(slashed.catch(), Err(StakingError::AlreadySlashed.into()));
        slashed.release().unwrap();
        assert_eq!(slashed.catch(), Err(StakingError::AlreadyReleased.into()));
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(Exposure::SPACE, 8 + 160);
    }
}
