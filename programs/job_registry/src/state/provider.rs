// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;

use super::url::{validate_url, Url};
use crate::errors::{Checked, RegistryError};

/// Full reputation, Q16.
pub const REPUTATION_ONE: u32 = 1 << 16;

/// PDA `["provider", owner]`.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    pub owner: Pubkey,
    pub endpoint: Url,
    /// Base units per 2^30 multiply-adds.
    pub ask: u64,
    pub memory_bytes: u64,
    /// Multiply-adds a slot, as the provider says.
    pub declared_rate: u64,
    /// Multiply-adds a slot, moving average over settled jobs.
    pub measured_rate: u64,
    /// Largest job taken.
    pub max_macs: u64,
    pub registered_slot: u64,
    pub sequence: u64,
    /// Q16, 0 to 65,536.
    pub reputation: u32,
    pub completed: u32,
    pub failed: u32,
    /// Jobs claimed and not committed.
    pub active: u16,
    pub draining: u8,
    pub bump: u8,
}

const _: () = assert!(core::mem::size_of::<Provider>() == 200);

/// What a provider says about itself.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    pub ask: u64,
    pub memory_bytes: u64,
    pub declared_rate: u64,
    pub max_macs: u64,
    pub endpoint: Url,
}

impl Capability {
    pub fn validate(&self) -> Result<()> {
        require!(self.ask > 0 && self.max_macs > 0, RegistryError::InvalidCapability);
        validate_url(&self.endpoint)
    }
}

impl Provider {
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    pub fn declare(&mut self, capability: &Capability) {
        self.ask = capability.ask;
        self.memory_bytes = capability.memory_bytes;
        self.declared_rate = capability.declared_rate;
        self.max_macs = capability.max_macs;
        self.endpoint = capability.endpoint;
    }

    /// Takes one more job.
    pub fn begin(&mut self) -> Result<()> {
        self.active = self.active.checked_add(1).checked()?;
        Ok(())
    }

    /// Commits the result of a job it held.
    pub fn commit(&mut self) -> Result<()> {
        self.active = self.active.checked_sub(1).checked()?;
        Ok(())
    }

    /// Lets a lease expire: half the reputation is lost.
    pub fn lapse(&mut self) -> Result<()> {
        self.active = self.active.checked_sub(1).checked()?;
        self.failed = self.failed.saturating_add(1);
        self.reputation /= 2;
        Ok(())
    }

    /// A result that stood: reputation gains a sixteenth of what it lacks, and the measured rate
    /// an eighth of its distance to this job's.
    pub fn succeed(&mut self, macs: u64, slots: u64) {
        self.completed = self.completed.saturating_add(1);
        let lacking = REPUTATION_ONE.saturating_sub(self.reputation);
        self.reputation = self.reputation.saturating_add(lacking / 16);
        let rate = macs.checked_div(slots.max(1)).unwrap_or(0);
        self.measured_rate =
            self.measured_rate.saturating_sub(self.measured_rate / 8).saturating_add(rate / 8);
    }

    /// A result that was rejected or could not be had.
    pub fn fail(&mut self) {
        self.failed = self.failed.saturating_add(1);
        self.reputation /= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn reputation_rises_slowly_and_falls_fast() {
        let mut provider = Provider::zeroed();
        provider.succeed(800, 10);
        assert_eq!((provider.reputation, provider.measured_rate), (4_096, 10));
        for _ in 0..500 {
            provider.succeed(800, 10);
        }
        assert!(provider.reputation <= REPUTATION_ONE && provider.reputation > 65_500);
        let before = provider.reputation;
        provider.fail();
        assert_eq!(provider.reputation, before / 4);
        provider.begin().unwrap();
        provider.lapse().unwrap();
        assert_eq!((provider.reputation, provider.active, provider.failed), (before / 8, 0, 2));
    }

    #[test]
    fn nothing_active_cannot_end() {
        let mut provider = Provider::zeroed();
        assert!(provider.commit().is_err());
        assert!(provider.lapse().is_err());
    }
}
