use anchor_lang::prelude::*;

use super::{Params, State, Task};
use crate::errors::{Checked, RedundancyError};

protocol::limits! {
    /// Maximum number of runs that an extension adds.
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
    /// buyer's money allows it. Earlier runs keep their part. k stays more than half of all runs,
    /// because otherwise two sets could win.
    pub fn decide(&mut self, slot: u64, params: &Params) -> Result<Decision> {
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
        self.n = self.joined.checked_add(EXTENSION).checked()?.min(self.max_runs);
        let majority = (self.n / 2).checked_add(1).checked()?;
        self.k = self.k.max(majority);
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
        config::tests::PARAMS,
        running::tests::{commit_all, join_all, reveal_all, revealed},
        task::tests::posted,
        RunState,
    };

    #[test]
    fn agreement_settles() {
        let mut task = revealed(2, 5, &[1, 1, 1]);
        assert_eq!(task.decide(1_003, &PARAMS).unwrap(), Decision::Settled);
        assert!(task.is(State::Settled));
        assert_eq!(task.paid, 0b111);
        assert_eq!(task.decide(1_003, &PARAMS), Err(RedundancyError::WrongState.into()));
    }

    #[test]
    fn comparing_is_waited_for() {
        let mut task = revealed(2, 5, &[1, 1, 2]);
        let early = task.decide(1_043, &PARAMS);
        assert_eq!(early, Err(RedundancyError::DeadlineAhead.into()));
        assert_eq!(task.decide(1_044, &PARAMS).unwrap(), Decision::Settled);
        assert_eq!(task.paid, 0b011);
    }

    #[test]
    fn an_unfinished_state_is_not_decided() {
        let mut task = posted(2, 3, 5);
        assert_eq!(task.decide(9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
        join_all(&mut task, 1_001);
        assert_eq!(task.decide(9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
        commit_all(&mut task, &[1, 2, 3], 1_002);
        assert_eq!(task.decide(9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
    }

    #[test]
    fn disagreement_asks_for_two_more_and_a_larger_majority() {
        let mut roots = vec![1, 2, 3];
        let mut task = revealed(2, 6, &roots);
        for (n, k, round) in [(5, 3, 2), (6, 4, 3)] {
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
    fn every_extension_keeps_a_majority() {
        for max_runs in 2..=7u8 {
            for n in 2..=max_runs {
                for k in n / 2 + 1..=n {
                    let roots: Vec<u8> = (1..=n).collect();
                    let mut task = revealed(k, max_runs, &roots);
                    task.element = 0;
                    task.state = State::Deciding as u8;
                    task.decide(2_000, &PARAMS).unwrap();
                    assert!(2 * task.k > task.n && task.k >= k && task.k <= task.n);
                }
            }
        }
    }

    #[test]
    fn a_hidden_commitment_is_revealed_in_the_next_round() {
        let mut task = posted(2, 3, 5);
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
