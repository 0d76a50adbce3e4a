use protocol::fixed::{mul_div_floor, q32_mul, q32_share, Q32_ONE};
use staking::state::RegistryParams;

use super::{market::Market, provider::Provider};

protocol::limits! {
    /// Number of multiply-adds that a provider's ask is the price of.
    pub const ASK_MACS: u64 = 1 << 30;
}

/// Returns `ask * macs * (1 + demand) * (1 + capability) * season` in base units, floored at each
/// factor, so rounding favours the buyer. Capability is the measured rate, never the declared one.
/// Returns None when the quote exceeds u64.
pub fn quote(
    params: &RegistryParams,
    market: &Market,
    provider: &Provider,
    macs: u64,
) -> Option<u64> {
    let base = mul_div_floor(provider.ask, macs, ASK_MACS)?;
    let demand = Q32_ONE.checked_add(market.demand_q32)?;
    let capability =
        Q32_ONE.checked_add(q32_share(provider.measured_rate, params.capability_ref)?)?;
    q32_mul(q32_mul(q32_mul(base, demand)?, capability)?, params.season_q32)
}
