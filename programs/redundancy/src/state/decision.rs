use anchor_lang::prelude::*;
use staking::state::RedundancyParams;

use super::{State, Task};
use crate::errors::{Checked, RedundancyError};

protocol::limits! {
    /// Number of runs that an extension adds, so that their number stays odd.
    pub const EXTENSION: u8 = 2;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Settled,
    /// The task was extended and waits for more providers.
    Extended,
    Undecided,
}

impl Task {
    /// Decides the task: pays the runs that agree, or asks for more runs while none agree and the
    /// buyer's money allows it. Earlier runs keep their part. k stays the majority of all runs:
    /// with less two sets could win, and with more fewer runs could block than can decide.
    pub fn decide(&mut self, slot: u64, params: &RedundancyParams) -> Result<Decision> {
        self.require_decidable(slot)?;
        let agreeing = self.agreeing();
        if agreeing != 0 {
            self.paid = agreeing;
            self.state = State::Settled as u8;
            return Ok(Decision::Settled);
        }
        if self.joined >= self.max_runs {
            self.state = State::Undecided as u8;
            return Ok(Decision::Undecided);
        }
        self.want(self.joined.checked_add(EXTENSION).checked()?)?;
        self.open_joining(slot, params)?;
        Ok(Decision::Extended)
    }

    fn require_decidable(&self, slot: u64) -> Result<()> {
        if self.is(State::Deciding) {
            return Ok(());
        }
        self.require(State::Comparing)?;
        require!(slot > self.deadline, RedundancyError::DeadlineAhead);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        running::tests::{commit_all, join_all, reveal_all, revealed},
        task::tests::{posted, PARAMS},
        RunState,
    };

    #[test]
    fn agreement_settles() {
        let mut task = revealed(5, &[1, 1, 1]);
        assert_eq!(task.decide(1_003, &PARAMS).unwrap(), Decision::Settled);
        assert!(task.is(State::Settled));
        assert_eq!(task.paid, 0b111);
        assert_eq!(task.decide(1_003, &PARAMS), Err(RedundancyError::WrongState.into()));
    }

    #[test]
    fn comparing_is_waited_for() {
        let mut task = revealed(5, &[1, 1, 2]);
        let early = task.decide(1_043, &PARAMS);
        assert_eq!(early, Err(RedundancyError::DeadlineAhead.into()));
        assert_eq!(task.decide(1_044, &PARAMS).unwrap(), Decision::Settled);
        assert_eq!(task.paid, 0b011);
    }

    #[test]
    fn an_unfinished_state_is_not_decided() {
        let mut task = posted(3, 5);
        assert_eq!(task.decide(9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
        join_all(&mut task, 1_001);
        assert_eq!(task.decide(9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
        commit_all(&mut task, &[1, 2, 3], 1_002);
        assert_eq!(task.decide(9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
    }

    #[test]
    fn disagreement_asks_for_two_more_and_a_larger_majority() {
        let mut roots = vec![1, 2, 3];
        let mut task = revealed(7, &roots);
        for (n, k, round) in [(5, 3, 2), (7, 4, 3)] {
            let slot = task.deadline.checked_add(1).unwrap();
            assert_eq!(task.decide(slot, &PARAMS).unwrap(), Decision::Extended);
            assert_eq!((task.n, task.k, task.round), (n, k, round));
            assert_eq!((task.posted_slot, task.deadline), (slot, slot + 100));
            while roots.len() < usize::from(n) {
                roots.push(roots.len() as u8 + 1);
            }
            join_all(&mut task, slot + 1);
            assert_eq!(task.count(RunState::Joined), roots.len() - task.count(RunState::Revealed));
            commit_all(&mut task, &roots, slot + 2);
            reveal_all(&mut task, &roots, slot + 3);
        }
        let slot = task.deadline.checked_add(1).unwrap();
        assert_eq!(task.decide(slot, &PARAMS).unwrap(), Decision::Undecided);
        assert!(task.is(State::Undecided));
        assert_eq!(task.paid, 0);
    }

    #[test]
    fn every_extension_keeps_an_odd_number_and_its_majority() {
        for max_runs in [3, 5, 7u8] {
            for n in (3..=max_runs).step_by(2) {
                let roots: Vec<u8> = (1..=n).collect();
                let mut task = revealed(max_runs, &roots);
                task.element = 0;
                task.state = State::Deciding as u8;
                let decision = task.decide(2_000, &PARAMS).unwrap();
                let extended = n < max_runs;
                assert_eq!(decision == Decision::Extended, extended);
                let wanted = if extended { n + 2 } else { n };
                assert_eq!((task.n, task.k), (wanted, wanted / 2 + 1));
                assert!(task.n <= max_runs);
            }
        }
    }

    #[test]
    fn a_hidden_commitment_is_revealed_in_the_next_round() {
        let mut task = posted(3, 5);
        join_all(&mut task, 1_001);
        commit_all(&mut task, &[1], 1_002);
        for silent in [1, 2] {
            task.expire(silent, 1_202, &PARAMS).unwrap();
        }
        assert_eq!(task.decide(1_202, &PARAMS).unwrap(), Decision::Extended);
        assert_eq!((task.n, task.k), (5, 3));
        join_all(&mut task, 1_203);
        commit_all(&mut task, &[1, 0, 0, 1, 1], 1_204);
        assert!(task.is(State::Revealing));
        reveal_all(&mut task, &[1, 0, 0, 1, 1], 1_205);
        assert_eq!(task.decide(1_205, &PARAMS).unwrap(), Decision::Settled);
        assert_eq!(task.paid, 0b11001);
    }
}
