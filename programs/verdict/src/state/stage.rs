use anchor_lang::prelude::*;

use super::{State, Verdict};
use crate::errors::{Checked, VerdictError};

protocol::limits! {
    /// Maximum number of stages of a verdict.
    pub const MAX_STAGES: usize = 8;
}

protocol::codes! {
    /// Kinds of proof by which a stage commits to its results.
    pub enum ProofKind {
        /// The Merkle root of the outputs' roots.
        TraceCommitment = 0,
    }
}

/// Operators `first..last` and the root that their provider answers for.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stage {
    pub provider: Pubkey,
    /// Root over the outputs' roots, with one leaf per operator.
    pub root: [u8; 32],
    pub slot: u64,
    /// Multiply-adds of the stage's operators.
    pub macs: u64,
    /// Lease price of the attempt for the whole graph, in base units.
    pub price: u64,
    /// Reputation of the provider at the commit, Q16.
    pub reputation: u32,
    pub first: u16,
    pub last: u16,
    /// Verifier seat that the provider holds, or `staking::state::NO_SEAT`.
    pub seat: u16,
    pub attempt: u8,
    pub padding: [u8; 5],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageRange {
    pub first: u16,
    pub last: u16,
}

impl StageRange {
    /// Checks that a stage continues where the job stands, or starts over.
    pub fn validate(&self, progress: u16, operators: u16) -> Result<()> {
        let begins = self.first == progress || self.first == 0;
        require!(
            begins && self.first < self.last && self.last <= operators,
            VerdictError::InvalidStage
        );
        Ok(())
    }
}

impl Verdict {
    /// Appends a stage. Starting over at operator 0 drops every earlier stage, which then earns
    /// nothing: a successor need not build on a checkpoint that it does not trust.
    pub fn commit(&mut self, stage: Stage) -> Result<()> {
        self.require(State::Committing)?;
        if stage.first == 0 {
            self.stage_count = 0;
        }
        let entry = self
            .stages
            .get_mut(usize::from(self.stage_count))
            .ok_or(VerdictError::TooManyStages)?;
        *entry = stage;
        self.stage_count = self.stage_count.checked_add(1).checked()?;
        if stage.last == self.operators {
            self.committed(stage.slot);
        }
        Ok(())
    }

    /// Prepares the verdict for its first or next draw.
    pub fn committed(&mut self, slot: u64) {
        self.committed_slot = slot;
        self.state = State::Committed as u8;
    }

    /// Returns the number of operators that the stages cover. The stages always cover the operators
    /// from 0 on without a gap.
    pub fn covered(&self) -> u16 {
        self.stages().last().map_or(0, |stage| stage.last)
    }

    /// Returns the lowest reputation among the stages' providers, which decides how often a shared
    /// result is sampled.
    pub fn reputation(&self) -> u32 {
        self.stages().iter().map(|stage| stage.reputation).min().unwrap_or(0)
    }

    pub fn stage_of(&self, operator: u32) -> Option<&Stage> {
        self.stages()
            .iter()
            .find(|stage| (u32::from(stage.first)..u32::from(stage.last)).contains(&operator))
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::verdict;
    use super::*;

    fn stage(first: u16, last: u16) -> Stage {
        Stage { first, last, slot: u64::from(last), ..Stage::default() }
    }

    #[test]
    fn ranges_go_on_or_start_over() {
        let range = |first, last| StageRange { first, last }.validate(4, 9);
        assert!(range(4, 5).is_ok());
        assert!(range(4, 9).is_ok());
        assert!(range(0, 1).is_ok());
        for (first, last) in [(4, 4), (4, 10), (3, 5), (5, 6), (0, 0)] {
            assert_eq!(range(first, last), Err(VerdictError::InvalidStage.into()));
        }
    }

    #[test]
    fn the_last_operator_ends_committing() {
        let mut verdict = verdict();
        verdict.operators = 9;
        verdict.commit(stage(0, 4)).unwrap();
        assert_eq!(verdict.state, State::Committing as u8);
        verdict.commit(stage(4, 9)).unwrap();
        assert_eq!((verdict.state, verdict.committed_slot), (State::Committed as u8, 9));
        assert_eq!(verdict.covered(), 9);
        assert_eq!(verdict.commit(stage(0, 9)), Err(VerdictError::WrongState.into()));
    }

    #[test]
    fn starting_over_drops_what_was_committed() {
        let mut verdict = verdict();
        verdict.operators = 9;
        verdict.commit(stage(0, 4)).unwrap();
        verdict.commit(stage(4, 6)).unwrap();
        verdict.commit(stage(0, 2)).unwrap();
        assert_eq!(verdict.stages(), [stage(0, 2)]);
    }

    #[test]
    fn a_ninth_stage_is_refused() {
        let mut verdict = verdict();
        verdict.operators = 20;
        for first in 0..8 {
            verdict.commit(stage(first, first + 1)).unwrap();
        }
        assert_eq!(verdict.commit(stage(8, 9)), Err(VerdictError::TooManyStages.into()));
        assert!(verdict.commit(stage(0, 20)).is_ok());
    }

    #[test]
    fn an_operator_belongs_to_one_stage() {
        let mut verdict = verdict();
        verdict.operators = 9;
        verdict.commit(stage(0, 4)).unwrap();
        verdict.commit(stage(4, 9)).unwrap();
        assert_eq!(verdict.stage_of(3).unwrap().last, 4);
        assert_eq!(verdict.stage_of(4).unwrap().last, 9);
        assert_eq!(verdict.stage_of(9), None);
    }
}
