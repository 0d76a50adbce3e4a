//! What keeps cheating from paying, over numbers that three programs hold.
//!
//! A program reads another's account at fixed offsets where the crates' order keeps it from naming
//! its type: verdict's and the registry's tests hold the offsets.

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use crate::{
    addresses::{JOB_REGISTRY, VERDICT},
    creation::canonical_bump,
    fixed::{widening_mul, BPS},
    seeds,
};

/// Bytes before an account's first field: its type.
const DISCRIMINATOR: usize = 8;
const KEY: usize = 32;
/// After the type, the authority and fourteen parameters of 8 bytes.
const KAPPA: usize = DISCRIMINATOR + KEY + 14 * 8;

/// Verdict's part, which its config holds first after its authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Least probability that a result is verified.
    pub p_floor_bps: u16,
    /// Share of verifiers that collude.
    pub collusion_bps: u16,
    /// Share of verifiers that accept unchecked.
    pub lazy_bps: u16,
}

impl Sampling {
    /// What verdict holds. None when the account is not its config, Some(None) when verdict has not
    /// been initialised yet.
    pub fn held(config: &AccountInfo) -> Option<Option<Self>> {
        held(config, seeds::CONFIG, &VERDICT, Self::read)
    }

    /// Reads verdict's config.
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

/// What accepting unchecked costs and saves, which verdict's config holds after [`Sampling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traps {
    /// Share of verified results that are wrong on their buyer's order.
    pub trap_rate_bps: u16,
    /// What a verifier saves by not checking, base units.
    pub check_cost: u64,
    /// What it loses by accepting what is wrong, base units.
    pub ballot_exposure: u64,
}

impl Traps {
    /// As [`Sampling::held`].
    pub fn held(config: &AccountInfo) -> Option<Option<Self>> {
        held(config, seeds::CONFIG, &VERDICT, Self::read)
    }

    /// Reads verdict's config.
    pub fn read(config: &[u8]) -> Option<Self> {
        let at = DISCRIMINATOR.checked_add(KEY)?.checked_add(6)?;
        let amount = |at| field(config, "Config", at).map(u64::from_le_bytes);
        Some(Self {
            trap_rate_bps: integer(config, "Config", at)?,
            check_cost: amount(at.checked_add(2)?)?,
            ballot_exposure: amount(at.checked_add(10)?)?,
        })
    }

    /// Whether a verifier that accepts unchecked expects to lose more than it saves: with t the
    /// share of traps and beta the burned share of a slash, t beta exposure > cost. None when a
    /// share exceeds one.
    pub fn deter(&self, slash_burn_bps: u64) -> Option<bool> {
        let trap_rate = u64::from(self.trap_rate_bps);
        if trap_rate > BPS || slash_burn_bps > BPS {
            return None;
        }
        let lost = widening_mul(trap_rate.checked_mul(slash_burn_bps)?, self.ballot_exposure);
        Some(lost > widening_mul(self.check_cost, BPS.checked_mul(BPS)?))
    }
}

/// The kappa that the registry holds. None when the account is not the registry, Some(None) when
/// it has not been initialised yet.
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
    // a rule is not evaded by passing an account in which there is nothing
    canonical_bump(account.key, &[seed], program)?;
    Some(None)
}

/// Reads kappa in the registry's account.
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

/// With p the least sampling probability, r the colluding and l the lazy share of verifiers, beta
/// the burned share of a slash and kappa stake over price, a cheat expects to lose more than the
/// price that it saves if p (1 - r) (1 - l) (1 + beta kappa) > 1. Data that is withheld from the
/// honest alone is found out by a majority of the drawn, or by the buyer: without the buyer it is
/// at least as likely only while more than half of all verifiers are honest, (1 - r) (1 - l) > 1/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deterrence {
    pub sampling: Sampling,
    pub slash_burn_bps: u64,
    pub kappa: u16,
}

/// Term of the inequality by which it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Nothing is lost, however often cheats are caught.
    Stake,
    /// The floor is too low even with every verifier honest.
    Sampling,
    /// Too many collude even with none lazy.
    Collusion,
    Laziness,
    /// The honest are no majority.
    Minority,
}

impl Deterrence {
    /// The first term that makes the product at most one when those after it are perfect. None
    /// when a share exceeds one, Some(None) when cheating does not pay.
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
