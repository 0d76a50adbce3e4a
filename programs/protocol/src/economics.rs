//! The conditions under which cheating does not pay, over parameters that three programs hold.
//!
//! Where the order of the crates keeps a program from naming another's type, it reads that account
//! at fixed offsets. Verdict's and the registry's tests check the offsets.

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use crate::{
    addresses::{JOB_REGISTRY, VERDICT},
    creation::canonical_bump,
    fixed::{widening_mul, BPS},
    seeds,
};

/// Bytes before an account's first field, which identify its type.
const DISCRIMINATOR: usize = 8;
const KEY: usize = 32;
/// Kappa follows the type, the authority and fourteen parameters of 8 bytes.
const KAPPA: usize = DISCRIMINATOR + KEY + 14 * 8;

/// The first parameters in verdict's config, which follow its authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Minimum probability that a result is verified, in basis points.
    pub p_floor_bps: u16,
    /// Share of verifiers that collude, in basis points.
    pub collusion_bps: u16,
    /// Share of verifiers that accept without checking, in basis points.
    pub lazy_bps: u16,
}

impl Sampling {
    /// Returns the values that verdict holds. Returns None when the account is not its config, and
    /// Some(None) when verdict has not been initialised yet.
    pub fn held(config: &AccountInfo) -> Option<Option<Self>> {
        held(config, seeds::CONFIG, &VERDICT, Self::read)
    }

    /// Reads the values from verdict's config. Returns None when the account has another type.
    pub fn read(config: &[u8]) -> Option<Self> {
        let at = DISCRIMINATOR.checked_add(KEY)?;
        let [p_floor_bps, collusion_bps, lazy_bps] = [
            integer(config, "Config", at)?,
            integer(config, "Config", at.checked_add(2)?)?,
            integer(config, "Config", at.checked_add(4)?)?,
        ];
        Some(Self { p_floor_bps, collusion_bps, lazy_bps })
    }
}

/// What accepting without checking costs and saves. Verdict's config holds these after
/// [`Sampling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traps {
    /// Share of verified results that are wrong on their buyer's order, in basis points.
    pub trap_rate_bps: u16,
    /// Base units that a verifier saves by not checking.
    pub check_cost: u64,
    /// Base units that it loses by accepting a wrong result.
    pub ballot_exposure: u64,
}

impl Traps {
    /// Returns the values that verdict holds, like [`Sampling::held`].
    pub fn held(config: &AccountInfo) -> Option<Option<Self>> {
        held(config, seeds::CONFIG, &VERDICT, Self::read)
    }

    /// Reads the values from verdict's config. Returns None when the account has another type.
    pub fn read(config: &[u8]) -> Option<Self> {
        let at = DISCRIMINATOR.checked_add(KEY)?.checked_add(6)?;
        let amount = |at| field(config, "Config", at).map(u64::from_le_bytes);
        Some(Self {
            trap_rate_bps: integer(config, "Config", at)?,
            check_cost: amount(at.checked_add(2)?)?,
            ballot_exposure: amount(at.checked_add(10)?)?,
        })
    }

    /// Returns whether a verifier that accepts without checking expects to lose more than it saves:
    /// t beta exposure > cost, with t the share of traps and beta the burned share of a slash.
    /// Returns None when a share exceeds one.
    pub fn deter(&self, slash_burn_bps: u64) -> Option<bool> {
        let trap_rate = u64::from(self.trap_rate_bps);
        if trap_rate > BPS || slash_burn_bps > BPS {
            return None;
        }
        let lost = widening_mul(trap_rate.checked_mul(slash_burn_bps)?, self.ballot_exposure);
        Some(lost > widening_mul(self.check_cost, BPS.checked_mul(BPS)?))
    }
}

/// Returns the kappa that the registry holds. Returns None when the account is not the registry,
/// and Some(None) when the registry has not been initialised yet.
pub fn held_kappa(registry: &AccountInfo) -> Option<Option<u16>> {
    held(registry, seeds::REGISTRY, &JOB_REGISTRY, read_kappa)
}

fn held<T>(
    account: &AccountInfo,
    seed: &[u8],
    program: &Pubkey,
    read: fn(&[u8]) -> Option<T>,
) -> Option<Option<T>> {
    if account.owner == program {
        return read(&account.try_borrow_data().ok()?).map(Some);
    }
    // the rule cannot be evaded by passing an empty account
    canonical_bump(account.key, &[seed], program)?;
    Some(None)
}

/// Reads kappa from the registry's account. Returns None when the account has another type.
pub fn read_kappa(registry: &[u8]) -> Option<u16> {
    integer(registry, "Registry", KAPPA)
}

fn integer(data: &[u8], name: &str, at: usize) -> Option<u16> {
    field(data, name, at).map(u16::from_le_bytes)
}

fn field<const N: usize>(data: &[u8], name: &str, at: usize) -> Option<[u8; N]> {
    let kind = hashv(&[b"account:", name.as_bytes()]).to_bytes();
    if data.get(..DISCRIMINATOR)? != kind.get(..DISCRIMINATOR)? {
        return None;
    }
    data.get(at..)?.first_chunk().copied()
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
    pub kappa: u16,
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
        let rest = |share: u16| BPS.checked_sub(u64::from(share)).map(u128::from);
        let burned = self.slash_burn_bps.checked_mul(u64::from(self.kappa))?;
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

    #[test]
    fn another_account_is_not_read() {
        assert_eq!(Traps::read(&[0; 200]), None);
        assert_eq!(Sampling::read(&[0; 200]), None);
        assert_eq!(read_kappa(&[0; 200]), None);
        assert_eq!(read_kappa(&[]), None);
    }
}
