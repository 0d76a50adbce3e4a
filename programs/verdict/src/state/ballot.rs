use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use super::{State, Verdict};
use crate::errors::{Checked, VerdictError};

protocol::codes! {
    /// What a ballot says. `Ballot.choice` is 0 until it is revealed.
    pub enum Choice {
        /// Every sampled value is right.
        Accept = 1,
        /// The element that the ballot names is wrong.
        Reject = 2,
        /// The data was not available.
        Unavailable = 3,
    }

    /// Values of `Ballot.state`.
    pub enum BallotState {
        /// The seat was drawn, and its verifier may cast the ballot.
        Drawn = 0,
        /// A commitment to the choice is recorded.
        Cast = 1,
        /// The choice is known.
        Revealed = 2,
        /// The verifier's stake is free again.
        Released = 3,
        /// The verifier had no collateral left for the ballot and said so in time.
        Declined = 4,
        /// The verifier's silence was reported.
        Reported = 5,
    }
}

#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ballot {
    /// The seat's owner; zero until it casts the ballot.
    pub verifier: Pubkey,
    pub commitment: [u8; 32],
    /// Operator of the graph whose output element a rejecting ballot calls wrong. `element` is the
    /// index into that output.
    pub operator: u32,
    pub element: u32,
    pub seat: u16,
    /// Number of the draw that chose the seat, from 1.
    pub draw: u8,
    pub state: u8,
    pub choice: u8,
    /// 1 once the ballot's exposure was slashed.
    pub slashed: u8,
    pub padding: [u8; 2],
}

/// What remains to be done for a ballot that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    pub verifier: Pubkey,
    /// Whether the verifier loses the silence fee.
    pub withheld: bool,
    /// Whether the verifier earns a catch.
    pub caught: bool,
}

impl Ballot {
    pub fn is(&self, state: BallotState) -> bool {
        self.state == state as u8
    }

    pub fn was_revealed(&self) -> bool {
        self.choice != 0
    }
}

/// Returns what a verifier commits to. The verifier's key and the job are part of it, so a copy of
/// somebody else's commitment can never be opened.
pub fn digest(
    choice: u8,
    operator: u32,
    element: u32,
    salt: &[u8; 32],
    verifier: &Pubkey,
    job: &Pubkey,
) -> [u8; 32] {
    hashv(&[
        &[choice],
        &operator.to_le_bytes(),
        &element.to_le_bytes(),
        salt,
        verifier.as_ref(),
        job.as_ref(),
    ])
    .to_bytes()
}

impl Verdict {
    fn in_latest_draw(&self) -> impl Iterator<Item = &super::Ballot> {
        self.ballots().iter().filter(|ballot| ballot.draw == self.draws)
    }

    /// Records a commitment. When every drawn verifier has cast its ballot, revealing begins with
    /// the next slot.
    pub fn cast(
        &mut self,
        index: u8,
        verifier: Pubkey,
        seat: u16,
        commitment: [u8; 32],
        slot: u64,
        reveal_slots: u64,
    ) -> Result<()> {
        let ballot = self.castable(index, &verifier, seat, slot)?;
        ballot.verifier = verifier;
        ballot.commitment = commitment;
        ballot.state = BallotState::Cast as u8;
        self.end_casting(slot, reveal_slots)
    }

    /// Lets a drawn verifier without room for the ballot stand aside. It counts as silence, but
    /// costs nothing.
    pub fn decline(
        &mut self,
        index: u8,
        verifier: Pubkey,
        seat: u16,
        slot: u64,
        reveal_slots: u64,
    ) -> Result<()> {
        let ballot = self.castable(index, &verifier, seat, slot)?;
        ballot.verifier = verifier;
        ballot.state = BallotState::Declined as u8;
        self.end_casting(slot, reveal_slots)
    }

    /// Returns a ballot that the holder of `seat` may cast in `slot`.
    fn castable(
        &mut self,
        index: u8,
        verifier: &Pubkey,
        seat: u16,
        slot: u64,
    ) -> Result<&mut Ballot> {
        self.require(State::Balloting)?;
        require!(!self.is_party(verifier), VerdictError::PartyToJob);
        let (draws, deadline) = (self.draws, self.ballot_deadline);
        let ballot = self.ballot_mut(index)?;
        require!(ballot.seat == seat, VerdictError::SeatMismatch);
        require!(ballot.is(BallotState::Drawn), VerdictError::AlreadyCast);
        require!(ballot.draw == draws && slot <= deadline, VerdictError::CastingClosed);
        Ok(ballot)
    }

    /// Begins revealing with the next slot if no verifier can cast any more.
    fn end_casting(&mut self, slot: u64, reveal_slots: u64) -> Result<()> {
        let done = |ballot: &Ballot| !ballot.is(BallotState::Drawn);
        if self.in_latest_draw().all(done) {
            self.ballot_deadline = slot;
            self.reveal_deadline = slot.checked_add(reveal_slots).checked()?;
        }
        Ok(())
    }

    /// Opens a ballot and returns its verifier. The opening itself shows whose it is.
    pub fn reveal(
        &mut self,
        index: u8,
        (choice, operator, element): (u8, u32, u32),
        salt: &[u8; 32],
        slot: u64,
    ) -> Result<Pubkey> {
        self.require(State::Balloting)?;
        let (draws, opens, closes) = (self.draws, self.ballot_deadline, self.reveal_deadline);
        let (job, covered) = (self.job, u32::from(self.covered()));
        let ballot = self.ballot_mut(index)?;
        require!(ballot.is(BallotState::Cast), VerdictError::NotCast);
        require!(ballot.draw == draws && slot <= closes, VerdictError::RevealClosed);
        require!(slot > opens, VerdictError::RevealTooEarly);
        let meaningful = match Choice::from_code(choice) {
            Some(Choice::Accept | Choice::Unavailable) => operator == 0 && element == 0,
            Some(Choice::Reject) => operator < covered,
            None => false,
        };
        require!(meaningful, VerdictError::InvalidChoice);
        let opened = digest(choice, operator, element, salt, &ballot.verifier, &job);
        require!(ballot.commitment == opened, VerdictError::WrongBallot);
        ballot.choice = choice;
        ballot.operator = operator;
        ballot.element = element;
        ballot.state = BallotState::Revealed as u8;
        Ok(ballot.verifier)
    }

    /// Returns whether no ballot of the latest draw can change any more.
    pub fn ballots_closed(&self, slot: u64) -> bool {
        let casting_over = slot > self.ballot_deadline;
        slot > self.reveal_deadline
            || self.in_latest_draw().all(|ballot| {
                ballot.is(BallotState::Revealed) || casting_over && !ballot.is(BallotState::Cast)
            })
    }

    /// Marks a ballot as released, because its stake is about to be unlocked.
    pub fn release(&mut self, index: u8) -> Result<Released> {
        self.require(State::Settled)?;
        let outcome = self.outcome();
        let withheld = self.ballots().get(usize::from(index)).map(|ballot| self.withheld(ballot));
        let ballot = self.ballot_mut(index)?;
        require!(
            ballot.is(BallotState::Cast) || ballot.is(BallotState::Revealed),
            VerdictError::NothingToRelease
        );
        require!(!ballot.owes_slash(outcome), VerdictError::BallotUnslashed);
        ballot.state = BallotState::Released as u8;
        let (verifier, caught) = (ballot.verifier, ballot.caught(outcome));
        Ok(Released { verifier, withheld: withheld.unwrap_or(false), caught })
    }

    /// Checks that every ballot has ended: its stake is free, or its verifier's silence reported.
    pub fn require_ballots_ended(&self) -> Result<()> {
        let holds = |state| self.ballots().iter().any(|ballot| ballot.is(state));
        let locked = holds(BallotState::Cast) || holds(BallotState::Revealed);
        require!(!locked, VerdictError::BallotsUnreleased);
        let silent = self.ballots().iter().any(|ballot| self.kept_silent(ballot));
        require!(!silent, VerdictError::SilenceUnreported);
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::verdict::tests::verdict;
    use super::super::Stage;
    use super::*;

    const SALT: [u8; 32] = [7; 32];

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    pub fn balloting(seats: &[u16]) -> Box<Verdict> {
        let mut verdict = verdict();
        verdict.state = State::Balloting as u8;
        verdict.buyer = key(200);
        verdict.job = key(201);
        verdict.draws = 1;
        verdict.snapshot_epochs[0] = 9;
        verdict.stage_count = 1;
        verdict.stages[0] = Stage { provider: key(202), last: 4, ..Stage::default() };
        verdict.ballot_count = seats.len() as u8;
        for (ballot, seat) in verdict.ballots.iter_mut().zip(seats) {
            *ballot = Ballot { seat: *seat, draw: 1, ..Ballot::default() };
        }
        (verdict.ballot_deadline, verdict.reveal_deadline) = (100, 200);
        verdict
    }

    fn commitment(vote: (u8, u32, u32), verifier: u8) -> [u8; 32] {
        digest(vote.0, vote.1, vote.2, &SALT, &key(verifier), &key(201))
    }

    fn cast(verdict: &mut Verdict, index: u8, vote: (u8, u32, u32), slot: u64) -> Result<()> {
        let seat = verdict.ballots[usize::from(index)].seat;
        verdict.cast(index, key(index), seat, commitment(vote, index), slot, 50)
    }

    #[test]
    fn casting_closes_after_its_deadline() {
        let mut verdict = balloting(&[3, 4]);
        assert_eq!(cast(&mut verdict, 0, (1, 0, 0), 101), Err(VerdictError::CastingClosed.into()));
        assert!(cast(&mut verdict, 0, (1, 0, 0), 100).is_ok());
        assert_eq!((verdict.ballot_deadline, verdict.reveal_deadline), (100, 200));
    }

    #[test]
    fn the_last_ballot_opens_revealing() {
        let mut verdict = balloting(&[3, 4]);
        cast(&mut verdict, 0, (1, 0, 0), 10).unwrap();
        cast(&mut verdict, 1, (1, 0, 0), 12).unwrap();
        assert_eq!((verdict.ballot_deadline, verdict.reveal_deadline), (12, 62));
        let reveal = |verdict: &mut Verdict, slot| verdict.reveal(0, (1, 0, 0), &SALT, slot);
        assert_eq!(reveal(&mut verdict, 12), Err(VerdictError::RevealTooEarly.into()));
        assert_eq!(reveal(&mut verdict, 63), Err(VerdictError::RevealClosed.into()));
        assert!(reveal(&mut verdict, 62).is_ok());
        assert_eq!(reveal(&mut verdict, 62), Err(VerdictError::NotCast.into()));
    }

    #[test]
    fn only_strangers_cast_and_only_for_their_seat() {
        let mut verdict = balloting(&[3, 4]);
        for party in [200, 202] {
            let refused = verdict.cast(0, key(party), 3, SALT, 10, 50);
            assert_eq!(refused, Err(VerdictError::PartyToJob.into()));
        }
        assert_eq!(
            verdict.cast(0, key(1), 4, SALT, 10, 50),
            Err(VerdictError::SeatMismatch.into())
        );
        assert_eq!(
            verdict.cast(2, key(1), 4, SALT, 10, 50),
            Err(VerdictError::NoSuchBallot.into())
        );
        verdict.cast(0, key(1), 3, SALT, 10, 50).unwrap();
        assert_eq!(verdict.cast(0, key(1), 3, SALT, 10, 50), Err(VerdictError::AlreadyCast.into()));
    }

    #[test]
    fn a_copied_commitment_cannot_be_opened() {
        let mut verdict = balloting(&[3, 4]);
        cast(&mut verdict, 0, (2, 3, 9), 10).unwrap();
        verdict.cast(1, key(1), 4, commitment((2, 3, 9), 0), 10, 50).unwrap();
        assert!(verdict.reveal(0, (2, 3, 9), &SALT, 11).is_ok());
        let copied = verdict.reveal(1, (2, 3, 9), &SALT, 11);
        assert_eq!(copied, Err(VerdictError::WrongBallot.into()));
    }

    #[test]
    fn choices_must_mean_something() {
        for vote in [(0, 0, 0), (4, 0, 0), (1, 1, 0), (1, 0, 1), (3, 0, 1), (2, 4, 0)] {
            let mut verdict = balloting(&[3]);
            cast(&mut verdict, 0, vote, 10).unwrap();
            let refused = verdict.reveal(0, vote, &SALT, 11);
            assert_eq!(refused, Err(VerdictError::InvalidChoice.into()));
        }
    }

    #[test]
    fn ballots_close_once_nothing_can_change() {
        let mut verdict = balloting(&[3, 4]);
        cast(&mut verdict, 0, (1, 0, 0), 10).unwrap();
        assert!(!verdict.ballots_closed(101));
        verdict.reveal(0, (1, 0, 0), &SALT, 101).unwrap();
        assert!(!verdict.ballots_closed(100));
        assert!(verdict.ballots_closed(101));
        let mut silent = balloting(&[3]);
        cast(&mut silent, 0, (1, 0, 0), 10).unwrap();
        assert!(!silent.ballots_closed(60));
        assert!(silent.ballots_closed(61));
    }

    #[test]
    fn stake_is_released_once_and_only_after_settlement() {
        let mut verdict = balloting(&[3, 4]);
        cast(&mut verdict, 0, (1, 0, 0), 10).unwrap();
        assert_eq!(verdict.release(0), Err(VerdictError::WrongState.into()));
        verdict.state = State::Settled as u8;
        assert_eq!(verdict.require_ballots_ended(), Err(VerdictError::BallotsUnreleased.into()));
        let released = Released { verifier: key(0), withheld: true, caught: false };
        assert_eq!(verdict.release(0), Ok(released));
        assert_eq!(verdict.release(0), Err(VerdictError::NothingToRelease.into()));
        assert_eq!(verdict.release(1), Err(VerdictError::NothingToRelease.into()));
        let silent = Err(VerdictError::SilenceUnreported.into());
        assert_eq!(verdict.require_ballots_ended(), silent);
        assert_eq!(verdict.report(0, 101), Err(VerdictError::NotSilent.into()));
        assert_eq!(verdict.report(1, 100), Err(VerdictError::CastingOpen.into()));
        assert_eq!(verdict.report(1, 101).unwrap(), (4, 9));
        assert!(verdict.require_ballots_ended().is_ok());
        assert_eq!(verdict.report(1, 102), Err(VerdictError::NotSilent.into()));
    }

    #[test]
    fn declining_counts_as_silence_but_is_none() {
        let mut verdict = balloting(&[3, 4]);
        verdict.decline(0, key(0), 3, 10, 50).unwrap();
        let again = verdict.decline(0, key(0), 3, 10, 50);
        assert_eq!(again, Err(VerdictError::AlreadyCast.into()));
        assert_eq!(cast(&mut verdict, 0, (1, 0, 0), 10), again);
        let party = verdict.decline(1, key(200), 4, 10, 50);
        assert_eq!(party, Err(VerdictError::PartyToJob.into()));
        cast(&mut verdict, 1, (1, 0, 0), 12).unwrap();
        assert_eq!((verdict.ballot_deadline, verdict.reveal_deadline), (12, 62));
        verdict.reveal(1, (1, 0, 0), &SALT, 13).unwrap();
        assert!(verdict.ballots_closed(13));
        assert_eq!(verdict.report(0, 200), Err(VerdictError::NotSilent.into()));
    }
}
