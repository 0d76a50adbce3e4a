use protocol::fixed::q32_share;
use staking::state::RegistryParams;

/// Returns a job's priority, Q32: 0.4 stake + 0.3 urgency + 0.3 complexity, each capped at 1.
/// Readers add `ageing_q32` for every slot since posting.
pub fn score(params: &RegistryParams, stake: u64, urgency: u64, macs: u64) -> Option<u64> {
    let weighted = |value, reference, tenths: u64| q32_share(value, reference)?.checked_mul(tenths);
    weighted(stake, params.stake_ref, 4)?
        .checked_add(weighted(urgency, params.urgency_ref, 3)?)?
        .checked_add(weighted(macs, params.complexity_ref, 3)?)?
        .checked_div(10)
}
