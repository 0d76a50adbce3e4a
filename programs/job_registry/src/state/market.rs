// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{fixed::q32_ratio, shards::shard_of};

use crate::errors::{Checked, RegistryError};

/// PDA `["market"]`: demand of the epoch before the current one.
#[account]
#[derive(InitSpace)]
pub struct Market {
    pub epoch: u64,
    /// Multiply-adds posted and settled in the previous epoch.
    pub posted_macs: u64,
    pub settled_macs: u64,
    /// Share of the posted work that was not settled, Q32.
    pub demand_q32: u64,
    pub sequence: u64,
    pub bump: u8,
}

const _: () = assert!(Market::INIT_SPACE == 41);

impl Market {
    /// Moves to `epoch` with the totals of the previous epoch.
    pub fn roll(&mut self, epoch: u64, posted_macs: u64, settled_macs: u64) -> Result<()> {
        // a later epoch is not required: a change of epoch_slots renumbers epochs
        require!(epoch != self.epoch, RegistryError::MarketCurrent);
        let unserved = posted_macs.saturating_sub(settled_macs);
        self.demand_q32 = q32_ratio(unserved, posted_macs.max(1)).checked()?;
        self.epoch = epoch;
        self.posted_macs = posted_macs;
        self.settled_macs = settled_macs;
        Ok(())
    }
}

/// PDA `["utilisation", shard]`: multiply-adds of the epoch of the latest change and of the epoch
/// before it.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct UtilisationShard {
    pub epoch: u64,
    pub posted_macs: u64,
    pub settled_macs: u64,
    pub previous_posted_macs: u64,
    pub previous_settled_macs: u64,
    pub shard: u8,
    pub bump: u8,
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<UtilisationShard>() == 48);

impl UtilisationShard {
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    pub fn require_for(&self, job: &Pubkey) -> Result<()> {
        require!(self.shard == shard_of(job), RegistryError::InvalidShard);
        Ok(())
    }

    // The sums saturate, because a full counter must not block posting or settling.
    pub fn post(&mut self, epoch: u64, macs: u64) {
        self.advance(epoch);
        self.posted_macs = self.posted_macs.saturating_add(macs);
    }

    pub fn settle(&mut self, epoch: u64, macs: u64) {
        self.advance(epoch);
        self.settled_macs = self.settled_macs.saturating_add(macs);
    }

    /// Returns the multiply-adds posted and settled in the epoch before `epoch`.
    pub fn before(&self, epoch: u64) -> (u64, u64) {
        if self.epoch == epoch {
            (self.previous_posted_macs, self.previous_settled_macs)
        } else if self.epoch.checked_add(1) == Some(epoch) {
            (self.posted_macs, self.settled_macs)
        } else {
            (0, 0)
        }
    }

    fn advance(&mut self, epoch: u64) {
        if self.epoch != epoch {
            (self.previous_posted_macs, self.previous_settled_macs) = self.before(epoch);
            (self.epoch, self.posted_macs, self.settled_macs) = (epoch, 0, 0);
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
        shard.post(4, 100);
        shard.settle(4, 40);
        assert_eq!(shard.before(5), (100, 40));
        shard.post(5, 7);
        assert_eq!(shard.before(5), (100, 40));
        assert_eq!(shard.before(6), (7, 0));
        shard.post(9, 1);
        assert_eq!(shard.before(9), (0, 0));
    }

    #[test]
    fn demand_is_the_unserved_share() {
        let mut market = Market {
            epoch: 3,
            posted_macs: 0,
            settled_macs: 0,
            demand_q32: 0,
            sequence: 0,
            bump: 0,
        };
        market.roll(4, 100, 75).unwrap();
        assert_eq!(market.demand_q32, 1 << 30);
        market.roll(5, 10, 75).unwrap();
        assert_eq!(market.demand_q32, 0);
        market.roll(9, 0, 0).unwrap();
        assert_eq!(market.demand_q32, 0);
        assert!(market.roll(9, 1, 0).is_err());
    }
}
