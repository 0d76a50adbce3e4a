//! Weighted rendezvous hashing: each provider's first slot follows from a hash that nobody knew
//! when the job was posted. `-ln(u) / weight` is exponential, and the smallest of several comes
//! from each with a chance in proportion to its weight: splitting stake over keys gains nothing.

use anchor_lang::{prelude::Pubkey, solana_program::hash::hashv};
use protocol::fixed::negative_ln;

use super::{provider::REPUTATION_ONE, registry::Params};

/// Free stake times 1/4 + 3/4 reputation.
pub fn weight(free_stake: u64, reputation: u32) -> u64 {
    let factor = u128::from(REPUTATION_ONE).saturating_add(u128::from(reputation).saturating_mul(3));
    let scaled = u128::from(free_stake).saturating_mul(factor) / (4 * REPUTATION_ONE as u128);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// First 8 bytes of SHA256(slot hash | job | provider owner), little-endian.
pub fn lot(slot_hash: &[u8; 32], job: &Pubkey, provider: &Pubkey) -> u64 {
    let digest = hashv(&[slot_hash, job.as_ref(), provider.as_ref()]).to_bytes();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Slots to wait: `claim_scale * -ln(u) * total_staked / weight`, rounded up and capped. A product
/// beyond the integers in use is beyond any cap too.
pub fn delay(params: &Params, lot: u64, weight: u64, total_staked: u64) -> u64 {
    let cap = params.claim_max_delay_slots;
    if weight == 0 {
        return cap;
    }
    let shares_q32 = (u128::from(total_staked) << 32).div_ceil(u128::from(weight));
    let Ok(shares_q32) = u64::try_from(shares_q32) else {
        return cap;
    };
    let slots_q64 = u128::from(negative_ln(lot))
        .checked_mul(u128::from(shares_q32))
        .and_then(|product| product.checked_mul(u128::from(params.claim_scale_slots)));
    let Some(slots_q64) = slots_q64 else {
        return cap;
    };
    u64::try_from(slots_q64.div_ceil(1 << 64)).map_or(cap, |slots| slots.min(cap))
}
