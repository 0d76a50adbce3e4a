// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::fixed::mul_div_floor;
use staking::state::RegistryParams;

use super::url::{validate_url, Url};
use crate::errors::{Checked, RegistryError};

protocol::limits! {
    /// Full reputation, Q16.
    pub const REPUTATION_ONE: u32 = 1 << 16;
}

/// PDA `["provider", owner]`: a registered provider.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    pub owner: Pubkey,
    pub endpoint: Url,
    /// Base units per 2^30 multiply-adds.
    pub ask: u64,
    pub memory_bytes: u64,
    /// Multiply-adds per slot, as declared by the provider.
    pub declared_rate: u64,
    /// Multiply-adds per slot, as a moving average over settled jobs.
    pub measured_rate: u64,
    /// Multiply-adds of the largest job that the provider takes.
    pub max_macs: u64,
    pub registered_slot: u64,
    pub sequence: u64,
    /// Slot of the last settled job, or of the registration.
    pub rated_slot: u64,
    /// Reputation at `rated_slot`, Q16, 0 to 65,536. Read it through [`Provider::reputation_at`].
    pub reputation: u32,
    pub completed: u32,
    pub failed: u32,
    /// Number of jobs claimed but not committed.
    pub active: u16,
    pub draining: u8,
    pub bump: u8,
}

const _: () = assert!(core::mem::size_of::<Provider>() == 208);

/// What a provider declares about itself.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Base units of $NLOV per `ASK_MACS` multiply-adds.
    pub ask: u64,
    /// Bytes of memory that jobs may use.
    pub memory_bytes: u64,
    /// Multiply-adds per slot, as declared by the provider.
    pub declared_rate: u64,
    /// Multiply-adds of the largest job that the provider takes.
    pub max_macs: u64,
    /// URL where the provider serves its traces, in printable ASCII, padded with zeros.
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

    /// Checks that the provider was registered `windows` whole windows before the one in which the
    /// job was posted.
    pub fn require_registered(&self, posted: u64, registered: u64, windows: u64) -> Result<()> {
        let eligible = registered.checked_add(windows).checked()?;
        require!(posted >= eligible, RegistryError::RegisteredTooRecently);
        Ok(())
    }

    /// Counts one more job as claimed.
    pub fn begin(&mut self) -> Result<()> {
        self.active = self.active.checked_add(1).checked()?;
        Ok(())
    }

    /// Counts a job as committed.
    pub fn commit(&mut self) -> Result<()> {
        self.active = self.active.checked_sub(1).checked()?;
        Ok(())
    }

    /// Registers a provider under a new key, which starts without a record.
    pub fn register(&mut self, owner: Pubkey, slot: u64) {
        self.owner = owner;
        self.registered_slot = slot;
        self.rated_slot = slot;
    }

    /// Returns the reputation that is left in `slot`, Q16. It halves with every `half_life` slots
    /// without a settled job, and falls linearly within each half-life.
    pub fn reputation_at(&self, slot: u64, half_life: u64) -> u32 {
        let idle = slot.saturating_sub(self.rated_slot);
        let halvings = idle.checked_div(half_life).unwrap_or(u64::MAX);
        let rest = idle.checked_rem(half_life).unwrap_or(0);
        let halved = u32::try_from(halvings)
            .ok()
            .and_then(|halvings| self.reputation.checked_shr(halvings))
            .unwrap_or(0);
        let lost = mul_div_floor(halved.into(), rest, half_life).unwrap_or(0) / 2;
        halved.saturating_sub(u32::try_from(lost).unwrap_or(halved))
    }

    /// Records an expired lease, which costs half the reputation.
    pub fn lapse(&mut self) -> Result<()> {
        self.active = self.active.checked_sub(1).checked()?;
        self.failed = self.failed.saturating_add(1);
        self.reputation /= 2;
        Ok(())
    }

    /// Records a result that stood, in `slot`, for `price`. The remaining reputation gains a
    /// sixteenth of its distance to 1, or less in proportion below the reference price: reputation
    /// costs the fees of real work. The measured rate moves an eighth of the way to this job's rate.
    pub fn succeed(
        &mut self,
        (macs, slots): (u64, u64),
        price: u64,
        slot: u64,
        params: &RegistryParams,
    ) {
        self.completed = self.completed.saturating_add(1);
        let left = self.reputation_at(slot, params.reputation_half_life_slots);
        let gain = u64::from(REPUTATION_ONE.saturating_sub(left) / 16);
        let earned = price.min(params.reputation_ref);
        let gain = mul_div_floor(gain, earned, params.reputation_ref).unwrap_or(0);
        self.reputation = left.saturating_add(u32::try_from(gain).unwrap_or(0));
        self.rated_slot = slot;
        let rate = macs.checked_div(slots.max(1)).unwrap_or(0);
        self.measured_rate =
            self.measured_rate.saturating_sub(self.measured_rate / 8).saturating_add(rate / 8);
    }

    /// Records a result that was rejected or not available.
    pub fn fail(&mut self) {
        self.failed = self.failed.saturating_add(1);
        self.reputation /= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn params(half_life: u64) -> RegistryParams {
        RegistryParams {
            reputation_half_life_slots: half_life,
            reputation_ref: 100,
            ..RegistryParams::default()
        }
    }

    #[test]
    fn cheap_work_earns_little_reputation() {
        let after = |price| {
            let mut provider = Provider::zeroed();
            provider.succeed((800, 10), price, 0, &params(9));
            provider.reputation
        };
        assert_eq!([0, 1, 50, 100, 1_000].map(after), [0, 40, 2_048, 4_096, 4_096]);
    }

    #[test]
    fn a_registration_waits_whole_windows() {
        let provider = Provider::zeroed();
        assert!(provider.require_registered(3, 2, 1).is_ok());
        assert!(provider.require_registered(2, 2, 1).is_err());
        assert!(provider.require_registered(2, 2, 0).is_ok());
        assert!(provider.require_registered(2, 2, u64::MAX).is_err());
    }

    #[test]
    fn reputation_rises_slowly_and_falls_fast() {
        let mut provider = Provider::zeroed();
        provider.succeed((800, 10), 100, 0, &params(9));
        assert_eq!((provider.reputation, provider.measured_rate), (4_096, 10));
        for _ in 0..500 {
            provider.succeed((800, 10), 100, 0, &params(9));
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
    fn reputation_halves_with_every_half_life() {
        let rated = Provider { reputation: 1_000, rated_slot: 50, ..Provider::zeroed() };
        let at = |slot| rated.reputation_at(slot, 100);
        assert_eq!((at(49), at(50), at(150), at(250)), (1_000, 1_000, 500, 250));
        assert_eq!((at(100), at(200), at(149)), (750, 375, 505));
        assert_eq!((at(u64::MAX), rated.reputation_at(u64::MAX, 1)), (0, 0));
        assert!((50..2_000).all(|slot| at(slot) >= at(slot + 1)));
    }

    #[test]
    fn a_settled_job_counts_from_what_is_left() {
        let mut provider = Provider { reputation: REPUTATION_ONE, ..Provider::zeroed() };
        provider.succeed((1, 1), 100, 100, &params(100));
        assert_eq!((provider.reputation, provider.rated_slot), (32_768 + 2_048, 100));
        provider.fail();
        assert_eq!((provider.reputation, provider.rated_slot), (34_816 / 4, 100));
    }

    #[test]
    fn nothing_active_cannot_end() {
        let mut provider = Provider::zeroed();
        assert!(provider.commit().is_err());
        assert!(provider.lapse().is_err());
    }
}
