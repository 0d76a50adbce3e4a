use anchor_lang::prelude::*;
use job_registry::state::MAX_DRAWS;
use staking::state::VerdictParams;

use super::{Ballot, BallotState, Choice, Outcome, State, Verdict};
use crate::errors::Checked;

/// Number of votes over all draws so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub accept: u8,
    pub reject: u8,
    pub unavailable: u8,
    /// Number of verifiers drawn, silent ones included.
    pub drawn: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Decide(Outcome),
    /// Somebody must prove the majority's rejection.
    Dispute,
    /// A provider must show the data that the majority could not get.
    Ask,
    /// More verifiers join those already drawn.
    Redraw,
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

    /// Returns the decision. A choice wins with more than half of all verifiers drawn, so silence
    /// counts against every choice.
    pub fn decision(&self, draws: u8, unavailable_rounds: u8) -> Decision {
        let wins = |votes: u8| u16::from(votes) << 1 > u16::from(self.drawn);
        if wins(self.accept) {
            Decision::Decide(Outcome::Accepted)
        } else if wins(self.reject) {
            Decision::Dispute
        } else if wins(self.unavailable) {
            if unavailable_rounds == 0 {
                Decision::Ask
            } else {
                Decision::Decide(Outcome::Unavailable)
            }
        } else if draws < MAX_DRAWS {
            Decision::Redraw
        } else {
            Decision::Decide(Outcome::Unverified)
        }
    }
}

impl Verdict {
    /// Applies a decision. A paid outcome waits for its window to end; a voided one takes effect at
    /// once.
    pub fn apply(&mut self, decision: Decision, slot: u64, params: &VerdictParams) -> Result<()> {
        match decision {
            Decision::Redraw => {
                self.committed(slot);
                Ok(())
            }
            Decision::Dispute => {
                self.window_end = slot.checked_add(params.proof_slots).checked()?;
                self.state = State::Disputed as u8;
                Ok(())
            }
            Decision::Ask => self.ask(slot, params.answer_slots),
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
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::{params, verdict};
    use super::*;

    fn count(accept: u8, reject: u8, unavailable: u8, drawn: u8) -> Count {
        Count { accept, reject, unavailable, drawn }
    }

    const AGAIN: Decision = Decision::Redraw;

    #[test]
    fn more_than_half_of_all_drawn_decide() {
        assert_eq!(count(2, 0, 0, 3).decision(1, 0), Decision::Decide(Outcome::Accepted));
        assert_eq!(count(0, 2, 1, 3).decision(1, 0), Decision::Dispute);
        assert_eq!(count(1, 1, 1, 3).decision(1, 0), AGAIN);
        assert_eq!(count(3, 0, 0, 6).decision(2, 0), AGAIN);
        assert_eq!(count(4, 0, 0, 6).decision(2, 0), Decision::Decide(Outcome::Accepted));
        assert_eq!(count(4, 3, 0, 9).decision(3, 0), Decision::Decide(Outcome::Unverified));
        assert_eq!(count(0, 0, 0, 3).decision(3, 0), Decision::Decide(Outcome::Unverified));
    }

    #[test]
    fn unavailability_is_asked_twice() {
        let seen = count(0, 0, 2, 3);
        assert_eq!(seen.decision(1, 0), Decision::Ask);
        assert_eq!(seen.decision(3, 0), Decision::Ask);
        assert_eq!(count(0, 0, 4, 6).decision(2, 1), Decision::Decide(Outcome::Unavailable));
    }

    #[test]
    fn a_redraw_counts_from_the_tally() {
        let mut verdict = verdict();
        verdict.apply(Decision::Redraw, 40, &params()).unwrap();
        assert_eq!((verdict.state, verdict.committed_slot), (State::Committed as u8, 40));
    }

    #[test]
    fn a_rejection_waits_for_its_proof_and_a_question_for_its_answers() {
        let mut verdict = verdict();
        verdict.apply(Decision::Dispute, 40, &params()).unwrap();
        assert_eq!((verdict.state, verdict.window_end), (State::Disputed as u8, 140));
        verdict.apply(Decision::Ask, 40, &params()).unwrap();
        assert_eq!((verdict.state, verdict.availability.deadline), (State::Answering as u8, 120));
        assert_eq!((verdict.outcome(), verdict.unavailable_rounds), (Outcome::None, 1));
    }

    #[test]
    fn only_what_pays_has_a_window() {
        for (outcome, end) in
            [(Outcome::Accepted, 60), (Outcome::Unverified, 100), (Outcome::Unavailable, 40)]
        {
            let mut verdict = verdict();
            verdict.apply(Decision::Decide(outcome), 40, &params()).unwrap();
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
}
