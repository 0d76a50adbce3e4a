//! Weighted rendezvous hashing: each provider's first slot follows from a hash that nobody knew
//! when the job was posted. `-ln(u) / weight` is exponential, and the smallest of several comes
//! from each with a chance in proportion to its weight: splitting stake over keys gains nothing.

use anchor_lang::prelude::Pubkey;
use protocol::fixed::negative_ln;
use solana_sha256_hasher::hashv;

use super::{provider::REPUTATION_ONE, registry::Params};

/// Four times full reputation: quarters stay integers.
const FULL: u128 = 4 * REPUTATION_ONE as u128;

/// Free stake times 1/4 + 3/4 reputation.
pub fn weight(free_stake: u64, reputation: u32) -> u64 {
    let factor =
        u128::from(REPUTATION_ONE).saturating_add(u128::from(reputation).saturating_mul(3));
    let scaled = u128::from(free_stake).saturating_mul(factor) / FULL;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// First 8 bytes of SHA256(slot hash | job | provider owner), little-endian.
pub fn lot(slot_hash: &[u8; 32], job: &Pubkey, provider: &Pubkey) -> u64 {
    let digest = hashv(&[slot_hash, job.as_ref(), provider.as_ref()]).to_bytes();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Slots to wait: `claim_scale * -ln(u) * total_staked / weight`, rounded up and capped. Where the
/// product saturates it is beyond every cap.
pub fn delay(params: &Params, lot: u64, weight: u64, total_staked: u64) -> u64 {
    let cap = params.claim_max_delay_slots;
    if weight == 0 {
        return cap;
    }
    let shares_q32 = (u128::from(total_staked) << 32).div_ceil(u128::from(weight));
    let slots_q64 = u128::from(negative_ln(lot))
        .saturating_mul(shares_q32)
        .saturating_mul(u128::from(params.claim_scale_slots));
    u64::try_from(slots_q64.div_ceil(1 << 64)).map_or(cap, |slots| slots.min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> Params {
        Params { claim_scale_slots: 2, claim_max_delay_slots: 20, ..Params::default() }
    }

    #[test]
    fn weight_is_a_quarter_without_reputation() {
        assert_eq!(weight(1_000, 0), 250);
        assert_eq!(weight(1_000, REPUTATION_ONE), 1_000);
        assert_eq!(weight(3, 0), 0);
        assert_eq!(weight(u64::MAX, REPUTATION_ONE), u64::MAX);
    }

    #[test]
    fn delay_is_exponential_rounded_up_and_capped() {
        let params = params();
        // u = 1: -ln(u) = 0
        assert_eq!(delay(&params, u64::MAX, 1, u64::MAX), 0);
        // u = 1/2 with all the stake: 2 ln 2 = 1.39
        assert_eq!(delay(&params, (1 << 63) - 1, 10, 10), 2);
        // with half of it: 2.77
        assert_eq!(delay(&params, (1 << 63) - 1, 5, 10), 3);
        assert_eq!(delay(&params, 0, 10, 10), 20);
        assert_eq!(delay(&params, 5, 0, 10), 20);
        assert_eq!(delay(&params, 5, 1, u64::MAX), 20);
    }
}
