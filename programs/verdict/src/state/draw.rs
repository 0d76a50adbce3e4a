use anchor_lang::prelude::*;
use job_registry::state::REPUTATION_ONE;
use protocol::{
    fenwick::Sums,
    fixed::{widening_mul, BPS},
    slot_hashes::SLOT_HASHES_ENTRIES,
};
use solana_sha256_hasher::hashv;
use staking::state::{VerdictParams, NO_SEAT};

use super::{urn::Urn, Ballot, Outcome, State, Verdict, MAX_BALLOTS, MAX_STAGES};
use crate::errors::{Checked, VerdictError};

protocol::limits! {
    /// Slots from the commit to the slot whose hash seeds the draw. Nobody knows that hash when the
    /// result is committed.
    pub const DRAW_DELAY: u64 = 32;
}

/// Source of a draw's randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entropy {
    /// The hash of the lowest slot at or after this one seeds the draw.
    pub slot: u64,
    /// Whether the hash that was due first has left SlotHashes.
    pub aged: bool,
}

impl Entropy {
    /// Returns the entropy of a draw, or None before the draw is due. With the buyer's salt, a draw
    /// is due one slot after its hash exists; without it, `salt_slots` later.
    pub fn due(committed_slot: u64, salted: bool, salt_slots: u64, slot: u64) -> Option<Self> {
        let patience = if salted { 0 } else { salt_slots };
        Self::of(committed_slot.checked_add(DRAW_DELAY)?, patience, slot)
    }

    /// Returns None until `patience` slots after slot `first`, whose hash is wanted.
    ///
    /// When that hash has aged out, it is replaced by the one of the latest slot that lies a whole
    /// number of SlotHashes lengths later, so that every draw in one slot gives the same result.
    pub fn of(first: u64, patience: u64, slot: u64) -> Option<Self> {
        let age = slot.checked_sub(first.checked_add(1)?)?;
        if age < patience {
            return None;
        }
        let lengths = age.checked_div(SLOT_HASHES_ENTRIES)?;
        let seed_slot = first.checked_add(lengths.checked_mul(SLOT_HASHES_ENTRIES)?)?;
        Some(Self { slot: seed_slot, aged: lengths > 0 })
    }
}

/// Returns the seed of draw number `draws`, counted from 0.
pub fn seed(hash: &[u8; 32], salt: Option<&[u8; 32]>, draws: u8) -> [u8; 32] {
    match salt {
        Some(salt) => hashv(&[hash.as_slice(), salt, &[draws]]),
        None => hashv(&[hash.as_slice(), &[draws]]),
    }
    .to_bytes()
}

/// Returns number `index` of a seed's sequence of uniform u64 numbers. In a draw, number 0 decides
/// sampling and the numbers from 1 choose seats.
pub(super) fn uniform(seed: &[u8; 32], index: u8) -> u64 {
    let digest = hashv(&[seed.as_slice(), &[index]]).to_bytes();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Returns whether the beacon picks a job for verification. The probability is
/// `1 - reputation * (1 - floor)`: 1 at zero reputation, and `floor` at full reputation.
pub fn sampled(seed: &[u8; 32], reputation: u32, floor_bps: u64) -> Option<bool> {
    let one = u64::from(REPUTATION_ONE).checked_mul(BPS)?;
    let spared =
        u64::from(reputation.min(REPUTATION_ONE)).checked_mul(BPS.checked_sub(floor_bps)?)?;
    let drawn = widening_mul(uniform(seed, 0), one) >> 64;
    Some(drawn < u128::from(one.checked_sub(spared)?))
}

/// Chooses at most `count` seats by weight, without replacement. Returns fewer when no weight is
/// left.
pub fn seats(seed: &[u8; 32], urn: &mut Urn, count: u8) -> Option<Vec<u16>> {
    let mut chosen = Vec::with_capacity(usize::from(count));
    for index in 1..=count {
        if urn.is_empty() {
            break;
        }
        chosen.push(urn.draw(uniform(seed, index))?);
    }
    Some(chosen)
}

/// Age and weight of a snapshot, which decide which of the two snapshots a draw uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotAge {
    pub taken_slot: u64,
    pub total: u64,
}

impl SnapshotAge {
    /// Returns whether this snapshot is preferred to `other`. The newest snapshot taken before the
    /// commit comes first, then the older of two later ones. A snapshot without weight, such as one
    /// never taken, comes last.
    pub fn preferred_to(&self, other: &Self, committed_slot: u64) -> bool {
        let rank = |age: &Self| {
            let before = age.taken_slot <= committed_slot;
            let freshness = if before { age.taken_slot } else { !age.taken_slot };
            (age.total > 0, before, freshness)
        };
        rank(self) >= rank(other)
    }
}

impl Verdict {
    /// Returns the seats that may be drawn: all except those drawn already and those of the
    /// providers.
    pub fn urn<'a>(&self, sums: &'a Sums) -> Option<Urn<'a>> {
        let mut urn = Urn::new(sums, MAX_BALLOTS.checked_add(MAX_STAGES)?);
        for ballot in self.ballots() {
            urn.remove(ballot.seat)?;
        }
        for stage in self.stages() {
            if stage.seat != NO_SEAT {
                urn.remove(stage.seat)?;
            }
        }
        Some(urn)
    }

    /// Records the buyer's salt.
    pub fn learn_salt(&mut self, salt: [u8; 32]) -> Result<()> {
        require!(hashv(&[&salt]).to_bytes() == self.salt_commitment, VerdictError::WrongSalt);
        self.salt = salt;
        self.salt_known = 1;
        Ok(())
    }

    pub fn salt(&self) -> Option<&[u8; 32]> {
        (self.salt_known == 1).then_some(&self.salt)
    }

    /// Returns whether the draw may spare the job a verification. Only a first draw with the salt
    /// and its own hash may, so a buyer or a cranker who waits for another seed gets a
    /// verification.
    pub fn may_skip_verification(&self, entropy: Entropy) -> bool {
        self.draws == 0 && self.salt_known == 1 && !entropy.aged
    }

    /// Counts a draw. One that spares the job counts as well, so it cannot be spared again.
    pub fn count_draw(&mut self) -> Result<()> {
        self.draws = self.draws.checked_add(1).checked()?;
        Ok(())
    }

    /// Opens balloting for more seats, drawn from the snapshot of `epoch`. Without any seat, nobody
    /// is left to ask and the result is unverified.
    pub fn begin_ballots(
        &mut self,
        seats: &[u16],
        epoch: u64,
        slot: u64,
        params: &VerdictParams,
    ) -> Result<()> {
        let draw = usize::from(self.draws.checked_sub(1).checked()?);
        *self.snapshot_epochs.get_mut(draw).checked()? = epoch;
        if seats.is_empty() {
            return self.decide(Outcome::Unverified, slot, params.public_slots);
        }
        let begin = usize::from(self.ballot_count);
        let entries = self.ballots.get_mut(begin..).unwrap_or(&mut []);
        require_gte!(entries.len(), seats.len(), VerdictError::Overflow);
        for (ballot, seat) in entries.iter_mut().zip(seats) {
            *ballot = Ballot { seat: *seat, draw: self.draws, ..Ballot::default() };
        }
        self.ballot_count = u8::try_from(seats.len())
            .ok()
            .and_then(|seats| self.ballot_count.checked_add(seats))
            .checked()?;
        self.ballot_deadline = slot.checked_add(params.ballot_slots).checked()?;
        self.reveal_deadline = self.ballot_deadline.checked_add(params.reveal_slots).checked()?;
        self.state = State::Balloting as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::urn::tests::tree;
    use super::super::verdict::tests::{params, verdict};
    use super::super::Stage;
    use super::*;
    use protocol::fenwick::SEATS;

    #[test]
    fn a_salted_draw_is_due_a_slot_after_its_hash() {
        assert_eq!(Entropy::due(100, true, 64, 132), None);
        let first = Some(Entropy { slot: 132, aged: false });
        assert_eq!(Entropy::due(100, true, 64, 133), first);
        assert_eq!(Entropy::due(100, true, 64, 133 + 511), first);
        let aged = Some(Entropy { slot: 132 + 512, aged: true });
        assert_eq!(Entropy::due(100, true, 64, 133 + 512), aged);
        assert_eq!(Entropy::due(100, true, 64, 133 + 1023), aged);
    }

    #[test]
    fn a_draw_without_salt_waits_for_the_buyer() {
        assert_eq!(Entropy::due(100, false, 64, 133 + 63), None);
        let due = Entropy::due(100, false, 64, 133 + 64);
        assert_eq!(due, Some(Entropy { slot: 132, aged: false }));
    }

    #[test]
    fn seeds_differ_by_draw_and_salt() {
        let hash = [1; 32];
        let seeds = [
            seed(&hash, None, 0),
            seed(&hash, None, 1),
            seed(&hash, Some(&[0; 32]), 0),
            seed(&hash, Some(&[0; 32]), 1),
        ];
        for (index, one) in seeds.iter().enumerate() {
            assert!(!seeds[..index].contains(one));
        }
    }

    #[test]
    fn sampling_falls_from_certainty_to_the_floor() {
        let share = |reputation| {
            let picked = (0..=255u8)
                .flat_map(|a| (0..=15u8).map(move |b| [[a; 16], [b; 16]].concat()))
                .filter(|seed| {
                    let seed = seed.as_slice().try_into().unwrap();
                    sampled(&seed, reputation, 1_000).unwrap()
                })
                .count();
            picked as f64 / 4096.0
        };
        assert_eq!(share(0), 1.0);
        assert!((share(32_768) - 0.55).abs() < 0.03);
        assert!((share(65_536) - 0.10).abs() < 0.02);
        assert!((share(u32::MAX) - 0.10).abs() < 0.02);
        assert_eq!(sampled(&[0; 32], 0, 10_001), None);
    }

    #[test]
    fn seats_are_drawn_once_and_never_the_excluded() {
        let sums = tree(&[5, 5, 5, 5, 5, 5]);
        let mut verdict = verdict();
        (verdict.ballot_count, verdict.stage_count) = (1, 3);
        verdict.ballots[0] = Ballot { seat: 1, ..Ballot::default() };
        verdict.stages[0] = Stage { seat: 4, ..Stage::default() };
        verdict.stages[1] = Stage { seat: NO_SEAT, ..Stage::default() };
        verdict.stages[2] = Stage { seat: 4, ..Stage::default() };
        for byte in 0..=255 {
            let mut drawn = seats(&[byte; 32], &mut verdict.urn(&sums).unwrap(), 5).unwrap();
            drawn.sort_unstable();
            assert_eq!(drawn, [0, 2, 3, 5]);
        }
        verdict.ballots[0].seat = SEATS as u16;
        assert!(verdict.urn(&sums).is_none());
    }

    #[test]
    fn seats_follow_weight() {
        let mut weights = vec![1; 1024];
        weights[700] = 1024;
        let sums = tree(&weights);
        let hits = (0..=255u8)
            .filter(|byte| seats(&[*byte; 32], &mut Urn::new(&sums, 1), 1).unwrap() == [700])
            .count();
        assert!((100..156).contains(&hits), "{hits}");
    }

    #[test]
    fn an_empty_tree_gives_no_seats() {
        assert_eq!(seats(&[1; 32], &mut Urn::new(&[0; SEATS], 5), 5), Some(vec![]));
    }

    #[test]
    fn snapshots_from_before_the_commit_come_first() {
        let age = |taken_slot, total| SnapshotAge { taken_slot, total };
        let prefers = |a: SnapshotAge, b: SnapshotAge| {
            assert_ne!(a.preferred_to(&b, 100), b.preferred_to(&a, 100));
            a.preferred_to(&b, 100)
        };
        assert!(prefers(age(100, 1), age(50, 1)));
        assert!(prefers(age(50, 1), age(101, 1)));
        assert!(prefers(age(101, 1), age(150, 1)));
        assert!(prefers(age(150, 1), age(0, 0)));
    }

    fn draw(verdict: &mut Verdict, seats: &[u16], slot: u64) -> Result<()> {
        verdict.count_draw()?;
        verdict.begin_ballots(seats, slot / 10, slot, &params())
    }

    #[test]
    fn redraws_add_seats() {
        let mut verdict = verdict();
        draw(&mut verdict, &[1, 2, 3], 10).unwrap();
        assert_eq!((verdict.ballot_deadline, verdict.reveal_deadline), (160, 310));
        draw(&mut verdict, &[4, 5], 30).unwrap();
        let drawn: Vec<_> = verdict.ballots().iter().map(|b| (b.seat, b.draw)).collect();
        assert_eq!(drawn, [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]);
        let epochs = [0, 4].map(|index| verdict.epoch_of(&verdict.ballots[index]));
        assert_eq!(epochs, [Some(1), Some(3)]);
        assert!(draw(&mut verdict, &[0; MAX_BALLOTS], 30).is_err());
    }

    #[test]
    fn without_seats_nobody_is_asked() {
        let mut verdict = verdict();
        draw(&mut verdict, &[], 10).unwrap();
        assert_eq!((verdict.outcome(), verdict.window_end), (Outcome::Unverified, 70));
    }

    #[test]
    fn only_a_fresh_salted_first_draw_may_skip() {
        let mut verdict = verdict();
        let fresh = Entropy { slot: 1, aged: false };
        assert!(!verdict.may_skip_verification(fresh));
        verdict.salt_commitment = hashv(&[&[3; 32]]).to_bytes();
        assert_eq!(verdict.learn_salt([4; 32]), Err(VerdictError::WrongSalt.into()));
        verdict.learn_salt([3; 32]).unwrap();
        assert!(verdict.may_skip_verification(fresh));
        assert!(!verdict.may_skip_verification(Entropy { slot: 1, aged: true }));
        verdict.draws = 1;
        assert!(!verdict.may_skip_verification(fresh));
    }
}
