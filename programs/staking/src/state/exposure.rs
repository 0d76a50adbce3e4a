use anchor_lang::prelude::*;
use protocol::addresses::{JOB_REGISTRY_CPI, VERDICT_CPI};

use crate::errors::StakingError;

#[derive(
    AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, Default, PartialEq, Eq,
)]
pub enum ExposureState {
    #[default]
    Locked,
    Released,
}

/// Stake that answers for one party's part in one job, at `["exposure", job, owner]`. A released
/// one that is kept bars its owner from being exposed to the same job again.
#[account]
#[derive(InitSpace, Debug, Default)]
pub struct Exposure {
    pub job: Pubkey,
    pub owner: Pubkey,
    /// The calling program's `["cpi"]` signer that locked it and alone can unlock it.
    pub authority: Pubkey,
    pub amount: u64,
    pub bond: u64,
    pub locked_slot: u64,
    pub state: ExposureState,
    pub slashed: bool,
    pub bump: u8,
}

impl Exposure {
    /// Programs that may lock exposures and forfeit their bonds.
    pub fn is_locker(authority: &Pubkey) -> bool {
        *authority == JOB_REGISTRY_CPI || *authority == VERDICT_CPI
    }

    /// The locker may forfeit the bond, and verdict may whoever locked it.
    pub fn may_forfeit(&self, authority: &Pubkey) -> bool {
        *authority == self.authority || *authority == VERDICT_CPI
    }

    pub fn total(&self) -> Option<u64> {
        self.amount.checked_add(self.bond)
    }

    /// Gives what goes back to the free stake.
    pub fn release(&mut self) -> Result<u64> {
        require!(self.state == ExposureState::Locked, StakingError::AlreadyReleased);
        self.state = ExposureState::Released;
        Ok(self.total().ok_or(StakingError::Overflow)?)
    }

    /// Gives the bond that is lost: nothing the second time.
    pub fn forfeit(&mut self) -> Result<u64> {
        require!(self.state == ExposureState::Locked, StakingError::AlreadyReleased);
        Ok(std::mem::take(&mut self.bond))
    }

    pub fn slash(&mut self, amount: u64) -> Result<()> {
        require!(self.state == ExposureState::Locked, StakingError::AlreadyReleased);
        require!(!self.slashed, StakingError::AlreadySlashed);
        self.amount = self.amount.checked_sub(amount).ok_or(StakingError::SlashExceedsExposure)?;
        self.slashed = true;
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
    fn sizes_are_frozen() {
        assert_eq!(Exposure::INIT_SPACE, 123);
    }
}
