//! Weighted rendezvous hashing: each claimer's first slot follows from a hash that nobody knew when
//! the work was posted. `-ln(u) / weight` is exponentially distributed, and each claimer has the
//! smallest of several with a probability proportional to its weight, so splitting stake over keys
//! gains nothing.

use anchor_lang::prelude::Pubkey;
use solana_sha256_hasher::hashv;

use crate::fixed::negative_ln;

/// Returns the first 8 bytes of SHA256(slot hash | work | claimer), little-endian.
pub fn lot(slot_hash: &[u8; 32], work: &Pubkey, claimer: &Pubkey) -> u64 {
    let digest = hashv(&[slot_hash, work.as_ref(), claimer.as_ref()]).to_bytes();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Returns the slots to wait: `scale * -ln(u) * total_staked / weight`, rounded up and capped. A
/// product that saturates is beyond every cap.
pub fn delay(scale: u64, cap: u64, lot: u64, weight: u64, total_staked: u64) -> u64 {
    if weight == 0 {
        return cap;
    }
    let shares_q32 = (u128::from(total_staked) << 32).div_ceil(u128::from(weight));
    let slots_q64 =
        u128::from(negative_ln(lot)).saturating_mul(shares_q32).saturating_mul(u128::from(scale));
    u64::try_from(slots_q64.div_ceil(1 << 64)).map_or(cap, |slots| slots.min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_is_exponential_rounded_up_and_capped() {
        // u = 1: -ln(u) = 0
        assert_eq!(delay(2, 20, u64::MAX, 1, u64::MAX), 0);
        // u = 1/2 with all the stake: 2 ln 2 = 1.39
        assert_eq!(delay(2, 20, (1 << 63) - 1, 10, 10), 2);
        // with half of the stake: 2.77
        assert_eq!(delay(2, 20, (1 << 63) - 1, 5, 10), 3);
        assert_eq!(delay(2, 20, 0, 10, 10), 20);
        assert_eq!(delay(2, 20, 5, 0, 10), 20);
        assert_eq!(delay(2, 20, 5, 1, u64::MAX), 20);
    }

    #[test]
    fn every_claimer_draws_its_own_lot() {
        let [work, other] = [[1; 32], [2; 32]].map(Pubkey::new_from_array);
        let lots = [lot(&[0; 32], &work, &work), lot(&[0; 32], &work, &other)];
        assert_ne!(lots[0], lots[1]);
        assert_ne!(lots[0], lot(&[1; 32], &work, &work));
        assert_ne!(lots[0], lot(&[0; 32], &other, &work));
    }
}
