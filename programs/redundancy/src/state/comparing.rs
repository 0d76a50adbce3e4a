//! What providers say about each other's outputs once all are revealed.

use anchor_lang::prelude::*;

use super::{Element, Run, RunState, State, Task};
use crate::errors::{Checked, RedundancyError};

impl Task {
    /// Records which other outputs agree with this run's, once per round.
    pub fn compare(&mut self, index: u8, agrees: u8, slot: u64) -> Result<()> {
        self.require(State::Comparing)?;
        require!(slot <= self.deadline, RedundancyError::DeadlinePassed);
        let (round, revealed) = (self.round, self.revealed());
        let own = 1u8.checked_shl(u32::from(index)).checked()?;
        require!(agrees & !(revealed & !own) == 0, RedundancyError::InvalidAgreement);
        let run = self.run_mut(index)?;
        require!(run.is(RunState::Revealed), RedundancyError::NotRevealed);
        require!(run.compared != round, RedundancyError::AlreadyCompared);
        run.agrees = agrees;
        run.compared = round;
        let outstanding = |run: &Run| run.is(RunState::Revealed) && run.compared != round;
        if !self.runs().iter().any(outstanding) {
            self.state = State::Deciding as u8;
        }
        Ok(())
    }

    /// Returns whether the revealed outputs include some that could agree without being equal.
    pub(super) fn differs(&self) -> bool {
        let mut roots = self.runs().iter().filter(|run| run.is(RunState::Revealed));
        let first = roots.next().map(|run| run.root);
        self.element != Element::Bytes as u8 && roots.any(|run| Some(run.root) != first)
    }
}

#[cfg(test)]
mod tests {
    use super::super::running::tests::{commit_all, join_all, reveal_all, revealed};
    use super::super::task::tests::{posted, PARAMS};
    use super::*;

    #[test]
    fn only_outputs_that_differ_are_compared() {
        assert!(revealed(3, &[1, 1, 1]).is(State::Deciding));
        let differing = revealed(3, &[1, 1, 2]);
        assert!(differing.is(State::Comparing));
        assert_eq!(differing.deadline, 1_043);
        let mut exact = posted(3, 3);
        exact.element = Element::Bytes as u8;
        join_all(&mut exact, 1_001);
        commit_all(&mut exact, &[1, 2, 3], 1_002);
        reveal_all(&mut exact, &[1, 2, 3], 1_003);
        assert!(exact.is(State::Deciding));
    }

    #[test]
    fn each_compares_once_a_round_with_what_was_revealed() {
        let mut task = revealed(3, &[1, 2, 3]);
        for beyond in [0b001, 0b1000, 0b1111_1111] {
            let refused = task.compare(0, beyond, 1_004);
            assert_eq!(refused, Err(RedundancyError::InvalidAgreement.into()));
        }
        let late = task.compare(0, 0b010, 1_044);
        assert_eq!(late, Err(RedundancyError::DeadlinePassed.into()));
        task.compare(0, 0b110, 1_043).unwrap();
        let twice = task.compare(0, 0, 1_043);
        assert_eq!(twice, Err(RedundancyError::AlreadyCompared.into()));
        task.compare(1, 0, 1_043).unwrap();
        assert!(task.is(State::Comparing));
        task.compare(2, 0b001, 1_043).unwrap();
        assert!(task.is(State::Deciding));
        assert_eq!(task.runs[0].agrees, 0b110);
    }

    #[test]
    fn a_silent_run_neither_compares_nor_is_compared_with() {
        let mut task = posted(3, 3);
        join_all(&mut task, 1_001);
        commit_all(&mut task, &[1, 2], 1_002);
        task.expire(2, 1_202, &PARAMS).unwrap();
        reveal_all(&mut task, &[1, 2], 1_203);
        assert_eq!(task.compare(0, 0b100, 1_204), Err(RedundancyError::InvalidAgreement.into()));
        assert_eq!(task.compare(2, 0b001, 1_204), Err(RedundancyError::NotRevealed.into()));
        task.compare(0, 0b010, 1_204).unwrap();
        task.compare(1, 0b001, 1_204).unwrap();
        assert!(task.is(State::Deciding));
    }
}
