//! The order in which providers may claim: [`protocol::claim_order`] weighted by stake and
//! reputation.

use protocol::claim_order;
pub use protocol::claim_order::lot;
use staking::state::RegistryParams;

use super::provider::REPUTATION_ONE;

/// Four times full reputation, so that quarters stay integers.
const FULL: u128 = 4 * REPUTATION_ONE as u128;

/// Returns the stake times (1/4 + 3/4 of the reputation).
pub fn weight(stake: u64, reputation: u32) -> u64 {
    let factor =
        u128::from(REPUTATION_ONE).saturating_add(u128::from(reputation).saturating_mul(3));
    let scaled = u128::from(stake).saturating_mul(factor) / FULL;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// Returns the slots that a provider must wait before it may claim.
pub fn delay(params: &RegistryParams, lot: u64, weight: u64, total: u64) -> u64 {
    let (scale, cap) = (params.claim_scale_slots, params.claim_max_delay_slots);
    claim_order::delay(scale, cap, lot, weight, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_is_a_quarter_without_reputation() {
        assert_eq!(weight(1_000, 0), 250);
        assert_eq!(weight(1_000, REPUTATION_ONE), 1_000);
        assert_eq!(weight(3, 0), 0);
        assert_eq!(weight(u64::MAX, REPUTATION_ONE), u64::MAX);
    }
}
