use anchor_lang::prelude::*;

use super::{Ballot, BallotState, Choice, Outcome, Params, Stage, Verdict, MAX_BALLOTS, MAX_DRAWS};
use crate::errors::Checked;

/// Votes over every draw so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub accept: u8,
    pub reject: u8,
    pub unavailable: u8,
    /// Verifiers drawn, silent ones included.
    pub drawn: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Decide(Outcome),
    /// More verifiers join those drawn already.
    Redraw {
        unavailable: bool,
    },
}

impl Count {
    pub fn of(ballots: &[Ballot]) -> Self {
        let votes = |choice: Choice| {
            let cast = |ballot: &&Ballot| {
                ballot.is(BallotState::Revealed) && ballot.choice == choice as u8
            };
            ballots.iter().filter(cast).count() as u8
        };
        Self {
            accept: votes(Choice::Accept),
            reject: votes(Choice::Reject),
            unavailable: votes(Choice::Unavailable),
            drawn: ballots.len() as u8,
        }
    }

    /// A choice wins by more than half of all drawn: silence counts against every choice.
    pub fn decision(&self, draws: u8, unavailable_rounds: u8) -> Decision {
        let wins = |votes: u8| u16::from(votes) << 1 > u16::from(self.drawn);
        let may_redraw = draws < MAX_DRAWS;
        if wins(self.accept) {
            Decision::Decide(Outcome::Accepted)
        } else if wins(self.reject) {
            Decision::Decide(Outcome::Rejected)
        } else if wins(self.unavailable) {
            if may_redraw && unavailable_rounds == 0 {
                Decision::Redraw { unavailable: true }
            } else {
                Decision::Decide(Outcome::Unavailable)
            }
        } else if may_redraw {
            Decision::Redraw { unavailable: false }
        } else {
            Decision::Decide(Outcome::Unverified)
        }
    }
}

impl Verdict {
    /// A paid outcome waits for its window; a voided one has nothing to wait for.
    pub fn apply(&mut self, decision: Decision, slot: u64, params: &Params) -> Result<()> {
        match decision {
            Decision::Redraw { unavailable } => {
                self.unavailable_rounds =
                    self.unavailable_rounds.checked_add(u8::from(unavailable)).checked()?;
                self.committed(slot);
                Ok(())
            }
            Decision::Decide(outcome) => {
                let window = match outcome {
                    Outcome::Accepted => params.challenge_slots,
                    Outcome::Unverified => params.public_slots,
                    _ => 0,
                };
                self.decide(outcome, slot, window)
            }
        }
    }

    /// Provider that answers for a voided result, if any does.
    pub fn answerable(&self) -> Result<Option<Pubkey>> {
        match self.outcome() {
            Outcome::Fraud => self.convicted().map(|stage| Some(stage.provider)),
            Outcome::Rejected => Ok(Some(self.blamed().checked()?.provider)),
            _ => Ok(None),
        }
    }

    /// Stage that answers for a rejection: the one that holds the lower median of the operators
    /// named, so that no minority of rejecters can point at somebody else.
    pub fn blamed(&self) -> Option<&Stage> {
        let mut operators = [u32::MAX; MAX_BALLOTS];
        let rejecting = self
            .ballots()
            .iter()
            .filter(|ballot| ballot.was_revealed() && ballot.choice == Choice::Reject as u8);
        let mut count = 0usize;
        for (slot, ballot) in operators.iter_mut().zip(rejecting) {
            *slot = ballot.operator;
            count = count.checked_add(1)?;
        }
        operators.sort_unstable();
        self.stage_of(*operators.get(count.checked_sub(1)? >> 1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::PARAMS;
    use super::super::verdict::tests::verdict;
    use super::super::State;
    use super::*;

    fn count(accept: u8, reject: u8, unavailable: u8, drawn: u8) -> Count {
        Count { accept, reject, unavailable, drawn }
    }

    const AGAIN: Decision = Decision::Redraw { unavailable: false };

    #[test]
    fn more_than_half_of_all_drawn_decide() {
        assert_eq!(count(2, 0, 0, 3).decision(1, 0), Decision::Decide(Outcome::Accepted));
        assert_eq!(count(0, 2, 1, 3).decision(1, 0), Decision::Decide(Outcome::Rejected));
        assert_eq!(count(1, 1, 1, 3).decision(1, 0), AGAIN);
        assert_eq!(count(3, 0, 0, 6).decision(2, 0), AGAIN);
        assert_eq!(count(4, 0, 0, 6).decision(2, 0), Decision::Decide(Outcome::Accepted));
        assert_eq!(count(4, 3, 0, 9).decision(3, 0), Decision::Decide(Outcome::Unverified));
        assert_eq!(count(0, 0, 0, 3).decision(3, 0), Decision::Decide(Outcome::Unverified));
    }

    #[test]
    fn unavailability_is_asked_twice() {
        let seen = count(0, 0, 2, 3);
        assert_eq!(seen.decision(1, 0), Decision::Redraw { unavailable: true });
        assert_eq!(count(0, 0, 4, 6).decision(2, 1), Decision::Decide(Outcome::Unavailable));
        assert_eq!(seen.decision(3, 0), Decision::Decide(Outcome::Unavailable));
    }

    #[test]
    fn a_redraw_counts_from_the_tally() {
        let mut verdict = verdict();
        verdict.apply(Decision::Redraw { unavailable: true }, 40, &PARAMS).unwrap();
        assert_eq!((verdict.state, verdict.committed_slot), (State::Committed as u8, 40));
        assert_eq!(verdict.unavailable_rounds, 1);
    }

    #[test]
    fn only_what_pays_has_a_window() {
        for (outcome, end) in [
            (Outcome::Accepted, 60),
            (Outcome::Unverified, 100),
            (Outcome::Rejected, 40),
            (Outcome::Unavailable, 40),
        ] {
            let mut verdict = verdict();
            verdict.apply(Decision::Decide(outcome), 40, &PARAMS).unwrap();
            assert_eq!((verdict.outcome(), verdict.window_end), (outcome, end));
        }
    }

    #[test]
    fn only_revealed_ballots_count() {
        let ballot = |state, choice| Ballot { state, choice, ..Ballot::default() };
        let ballots =
            [ballot(2, 1), ballot(2, 2), ballot(2, 3), ballot(2, 1), ballot(1, 0), ballot(0, 0)];
        assert_eq!(Count::of(&ballots), count(2, 1, 1, 6));
    }

    #[test]
    fn the_median_rejection_names_the_stage() {
        let mut verdict = verdict();
        verdict.operators = 10;
        verdict.commit(Stage { first: 0, last: 5, ..Stage::default() }).unwrap();
        verdict.commit(Stage { first: 5, last: 10, ..Stage::default() }).unwrap();
        assert_eq!(verdict.blamed(), None);
        for (index, operator) in [9, 1, 7, 2].into_iter().enumerate() {
            verdict.ballots[index] = Ballot { operator, choice: 2, ..Ballot::default() };
        }
        verdict.ballot_count = 3;
        assert_eq!(verdict.blamed().unwrap().first, 5);
        verdict.ballot_count = 4;
        assert_eq!(verdict.blamed().unwrap().first, 0);
    }
}
