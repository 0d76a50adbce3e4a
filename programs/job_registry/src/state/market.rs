// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{
    fixed::{q32_ratio, Q32_ONE},
    shards::shard_of,
};

use crate::errors::{Checked, RegistryError};

protocol::limits! {
    /// Part of the way to the latest utilisation that demand moves per epoch: an eighth.
    pub const DEMAND_PART: u64 = 8;
}

/// Epochs without settled work after which demand is zero, whatever it was: (7/8)^166 < 2^-32.
const FORGOTTEN_EPOCHS: u64 = 170;

/// PDA `["market"]`: demand of the epochs before the current one.
#[account]
#[derive(InitSpace)]
pub struct Market {
    pub epoch: u64,
    /// Multiply-adds settled in the previous epoch.
    pub settled_macs: u64,
    /// Sum of the measured rates of all registered providers, in multiply-adds per slot.
    pub capacity: u64,
    /// Smoothed share of the capacity that settled work used, Q32.
    pub demand_q32: u64,
    pub sequence: u64,
    pub bump: u8,
}

const _: () = assert!(Market::INIT_SPACE == 41);

/// What the utilisation shards say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Utilisation {
    pub settled_macs: u64,
    pub capacity: u64,
}

impl Market {
    /// Moves to `epoch` with the totals of the epoch before it, which lasted `epoch_slots`. Demand
    /// moves a part of the way to the share of the capacity that was used. An epoch that nobody
    /// rolled counts as unused. Only work that was paid counts: a posting alone would be a free
    /// lever on everybody's prices.
    pub fn roll(&mut self, epoch: u64, totals: Utilisation, epoch_slots: u64) -> Result<()> {
        let missed = epoch.checked_sub(self.epoch).filter(|epochs| *epochs > 0);
        let missed = missed.ok_or(RegistryError::MarketCurrent)?.saturating_sub(1);
        for _ in 0..missed.min(FORGOTTEN_EPOCHS) {
            self.approach(0);
        }
        let possible = totals.capacity.saturating_mul(epoch_slots).max(1);
        let used = totals.settled_macs.min(possible);
        self.approach(q32_ratio(used, possible).checked()?.min(Q32_ONE));
        self.epoch = epoch;
        self.settled_macs = totals.settled_macs;
        self.capacity = totals.capacity;
        Ok(())
    }

    fn approach(&mut self, target: u64) {
        // rounded so that demand reaches zero
        let fall = self.demand_q32.saturating_sub(target).div_ceil(DEMAND_PART);
        let rise = target.saturating_sub(self.demand_q32) / DEMAND_PART;
        self.demand_q32 = self.demand_q32.saturating_sub(fall).saturating_add(rise);
    }
}

/// PDA `["utilisation", shard]`: multiply-adds settled in the epoch of the latest change and in the
/// epoch before it, and changes of the providers' measured rates.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct UtilisationShard {
    pub epoch: u64,
    pub settled_macs: u64,
    pub previous_settled_macs: u64,
    /// Sums of all rises and of all falls of measured rates that were recorded in this shard.
    pub raised_rates: u64,
    pub lowered_rates: u64,
    pub shard: u8,
    pub bump: u8,
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<UtilisationShard>() == 48);

impl UtilisationShard {
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Checks that the shard is the one of this job or provider.
    pub fn require_for(&self, key: &Pubkey) -> Result<()> {
        require!(self.shard == shard_of(key), RegistryError::InvalidShard);
        Ok(())
    }

    // The sums saturate, because a full counter must not block settling.
    pub fn settle(&mut self, epoch: u64, macs: u64) {
        if self.epoch != epoch {
            self.previous_settled_macs = self.before(epoch);
            (self.epoch, self.settled_macs) = (epoch, 0);
        }
        self.settled_macs = self.settled_macs.saturating_add(macs);
    }

    /// Records that a provider's measured rate changed.
    pub fn change_rate(&mut self, before: u64, after: u64) {
        self.raised_rates = self.raised_rates.saturating_add(after.saturating_sub(before));
        self.lowered_rates = self.lowered_rates.saturating_add(before.saturating_sub(after));
    }

    /// Returns the multiply-adds settled in the epoch before `epoch`.
    pub fn before(&self, epoch: u64) -> u64 {
        if self.epoch == epoch {
            self.previous_settled_macs
        } else if self.epoch.checked_add(1) == Some(epoch) {
            self.settled_macs
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn a_shard_remembers_one_epoch_back() {
        let mut shard = UtilisationShard::zeroed();
        shard.settle(4, 40);
        assert_eq!(shard.before(5), 40);
        shard.settle(5, 7);
        assert_eq!((shard.before(5), shard.before(6), shard.before(7)), (40, 7, 0));
        shard.settle(9, 1);
        assert_eq!(shard.before(9), 0);
    }

    #[test]
    fn rates_rise_and_fall() {
        let mut shard = UtilisationShard::zeroed();
        shard.change_rate(0, 10);
        shard.change_rate(10, 4);
        assert_eq!((shard.raised_rates, shard.lowered_rates), (10, 6));
    }

    fn market(demand_q32: u64) -> Market {
        Market { epoch: 3, settled_macs: 0, capacity: 0, demand_q32, sequence: 0, bump: 0 }
    }

    #[test]
    fn demand_moves_an_eighth_of_the_way_to_utilisation() {
        let mut market = market(0);
        let half = Utilisation { settled_macs: 500, capacity: 10 };
        market.roll(4, half, 100).unwrap();
        assert_eq!(market.demand_q32, (1 << 31) / 8);
        for epoch in 5..300 {
            market.roll(epoch, half, 100).unwrap();
        }
        assert!(market.demand_q32.abs_diff(1 << 31) < 16);
        assert_eq!(market.roll(299, half, 100), Err(RegistryError::MarketCurrent.into()));
        assert_eq!(market.roll(4, half, 100), Err(RegistryError::MarketCurrent.into()));
    }

    #[test]
    fn missed_epochs_count_as_unused() {
        let mut one_by_one = market(Q32_ONE);
        for epoch in 4..=9 {
            one_by_one.roll(epoch, Utilisation::default(), 100).unwrap();
        }
        let mut at_once = market(Q32_ONE);
        at_once.roll(9, Utilisation::default(), 100).unwrap();
        assert_eq!(at_once.demand_q32, one_by_one.demand_q32);
        at_once.roll(u64::MAX, Utilisation::default(), 100).unwrap();
        assert_eq!(at_once.demand_q32, 0);
    }

    #[test]
    fn demand_is_at_most_one() {
        let mut market = market(0);
        for epoch in 4..400 {
            let much = Utilisation { settled_macs: u64::MAX, capacity: 0 };
            market.roll(epoch, much, 100).unwrap();
        }
        assert!(market.demand_q32 <= Q32_ONE);
    }
}
