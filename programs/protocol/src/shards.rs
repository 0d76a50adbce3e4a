//! Accounts that every job would write are split into shards, so that jobs do not wait for each
//! other.

use anchor_lang::prelude::Pubkey;

crate::limits! {
    /// Number of fee vaults and of utilisation counters. It is a power of two.
    pub const SHARDS: u8 = 16;
}

/// Returns the shard of fee vaults and utilisation counters that a job or task uses.
pub fn shard_of(work: &Pubkey) -> u8 {
    work.as_array()[0] & (SHARDS - 1)
}
