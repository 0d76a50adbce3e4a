//! The conditions under which cheating does not pay.

use crate::fixed::{widening_mul, BPS};

/// How often results are verified, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Minimum probability that a result is verified, in basis points.
    pub p_floor_bps: u64,
    /// Share of verifiers that collude, in basis points.
    pub collusion_bps: u64,
    /// Share of verifiers that accept without checking, in basis points.
    pub lazy_bps: u64,
}

/// What accepting without checking costs and saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traps {
    /// Share of verified results that are wrong on their buyer's order, in basis points.
    pub trap_rate_bps: u64,
    /// Base units that a verifier saves by not checking.
    pub check_cost: u64,
    /// Base units that it loses by accepting a wrong result.
    pub ballot_exposure: u64,
}

impl Traps {
    /// Returns whether a verifier that accepts without checking expects to lose more than it saves:
    /// t beta exposure > cost, with t the share of traps and beta the burned share of a slash.
    /// Returns None when a share exceeds one.
    pub fn deter(&self, slash_burn_bps: u64) -> Option<bool> {
        if self.trap_rate_bps > BPS || slash_burn_bps > BPS {
            return None;
        }
        let lost =
            widening_mul(self.trap_rate_bps.checked_mul(slash_burn_bps)?, self.ballot_exposure);
        Some(lost > widening_mul(self.check_cost, BPS.checked_mul(BPS)?))
    }
}

/// The parameters that decide whether cheating pays. Let p be the minimum sampling probability, r
/// the colluding and l the lazy share of verifiers, beta the burned share of a slash and kappa the
/// ratio of stake to price. A cheat expects to lose more than the price that it saves if p (1 - r)
/// (1 - l) (1 + beta kappa) > 1. A majority of the drawn verifiers, or the buyer, notices data that
/// is withheld from honest verifiers alone. Without the buyer this is at least as likely only while
/// more than half of all verifiers are honest: (1 - r) (1 - l) > 1/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deterrence {
    pub sampling: Sampling,
    pub slash_burn_bps: u64,
    pub kappa: u64,
}

/// The term of the inequality because of which it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// A cheat loses nothing, however often it is caught.
    Stake,
    /// The floor is too low even with every verifier honest.
    Sampling,
    /// Too many collude even with none lazy.
    Collusion,
    Laziness,
    /// Honest verifiers are not a majority.
    Minority,
}

impl Deterrence {
    /// Returns the first term at which the product is at most one even if all later terms are
    /// perfect. Returns None when a share exceeds one, and Some(None) when cheating does not pay.
    pub fn weakness(&self) -> Option<Option<Weakness>> {
        let Sampling { p_floor_bps, collusion_bps, lazy_bps } = self.sampling;
        let rest = |share: u64| BPS.checked_sub(share).map(u128::from);
        let burned = self.slash_burn_bps.checked_mul(self.kappa)?;
        let stake = u128::from(BPS.checked_add(burned)?);
        let [mut product, mut one] = [1, 1u128];
        for (factor, weakness) in [
            (stake, Weakness::Stake),
            (p_floor_bps.into(), Weakness::Sampling),
            (rest(collusion_bps)?, Weakness::Collusion),
            (rest(lazy_bps)?, Weakness::Laziness),
        ] {
            product = factor.checked_mul(product)?;
            one = one.checked_mul(u128::from(BPS))?;
            if product <= one {
                return Some(Some(weakness));
            }
        }
        let honest = rest(collusion_bps)?.checked_mul(rest(lazy_bps)?)?.checked_mul(2)?;
        let minority = honest <= u128::from(BPS).checked_pow(2)?;
        Some(minority.then_some(Weakness::Minority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Deterrence = Deterrence {
        sampling: Sampling { p_floor_bps: 1_000, collusion_bps: 2_500, lazy_bps: 0 },
        slash_burn_bps: 5_000,
        kappa: 25,
    };

    #[test]
    fn a_quarter_of_colluders_is_the_most_that_these_numbers_bear() {
        let with = |collusion_bps, lazy_bps| {
            let sampling = Sampling { collusion_bps, lazy_bps, ..SOUND.sampling };
            Deterrence { sampling, ..SOUND }.weakness()
        };
        assert_eq!(SOUND.weakness(), Some(None));
        assert_eq!(with(2_592, 0), Some(None));
        assert_eq!(with(2_593, 0), Some(Some(Weakness::Collusion)));
        assert_eq!(with(2_500, 123), Some(None));
        assert_eq!(with(2_500, 124), Some(Some(Weakness::Laziness)));
        assert_eq!(with(10_001, 0), None);
    }

    #[test]
    fn each_term_counts() {
        let sampled = |p_floor_bps| {
            let sampling = Sampling { p_floor_bps, collusion_bps: 0, lazy_bps: 0 };
            Deterrence { sampling, ..SOUND }
        };
        assert_eq!(sampled(741).weakness(), Some(None));
        assert_eq!(sampled(740).weakness(), Some(Some(Weakness::Sampling)));
        let worthless = Deterrence { slash_burn_bps: 0, ..sampled(10_000) };
        assert_eq!(worthless.weakness(), Some(Some(Weakness::Stake)));
        let weak = Some(Some(Weakness::Collusion));
        assert_eq!(Deterrence { kappa: 24, ..SOUND }.weakness(), Some(Some(Weakness::Collusion)));
        assert_eq!(Deterrence { slash_burn_bps: 4_000, ..SOUND }.weakness(), weak);
    }

    #[test]
    fn the_honest_must_be_a_majority() {
        let with = |collusion_bps, lazy_bps| {
            let sampling = Sampling { p_floor_bps: 10_000, collusion_bps, lazy_bps };
            Deterrence { sampling, ..SOUND }.weakness()
        };
        assert_eq!(with(4_999, 0), Some(None));
        assert_eq!(with(2_929, 2_929), Some(Some(Weakness::Minority)));
        for (collusion_bps, lazy_bps) in [(5_000, 0), (0, 5_000), (6_000, 2_000)] {
            assert_eq!(with(collusion_bps, lazy_bps), Some(Some(Weakness::Minority)));
        }
    }

    #[test]
    fn traps_must_cost_more_than_a_check() {
        let traps = Traps { trap_rate_bps: 100, check_cost: 49, ballot_exposure: 10_000 };
        assert_eq!(traps.deter(5_000), Some(true));
        for weak in [
            Traps { trap_rate_bps: 98, ..traps },
            Traps { check_cost: 50, ..traps },
            Traps { ballot_exposure: 9_800, ..traps },
        ] {
            assert_eq!(weak.deter(5_000), Some(false));
        }
        assert_eq!(traps.deter(4_900), Some(false));
        assert_eq!(traps.deter(10_001), None);
        assert_eq!(Traps { trap_rate_bps: 10_001, ..traps }.deter(5_000), None);
        let most = Traps { trap_rate_bps: 10_000, check_cost: u64::MAX, ballot_exposure: u64::MAX };
        assert_eq!(most.deter(10_000), Some(false));
    }
}
