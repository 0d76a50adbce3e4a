//! Which runs agree. Runs with equal roots agree by themselves; runs with different roots agree
//! when both of their providers say so.

use super::{Element, Run, RunState, Task, MAX_TASK_RUNS};

impl Task {
    /// Returns a mask in which bit i tells whether run i is revealed.
    pub fn revealed(&self) -> u8 {
        self.mask(|run| run.is(RunState::Revealed))
    }

    /// Returns a mask in which bit i tells whether run i belongs to a mutually agreeing set of at
    /// least k. Any two such sets share a run, since k is more than half of all runs.
    pub fn agreeing(&self) -> u8 {
        let revealed = self.revealed();
        let rows = self.agreement();
        let all_agree =
            |set: u8| (0..).zip(rows).all(|(index, row)| !contains(set, index) || set & !row == 0);
        (1..1u8 << MAX_TASK_RUNS)
            .filter(|set| set & !revealed == 0 && set.count_ones() >= u32::from(self.k))
            .filter(|set| all_agree(*set))
            .fold(0, |union, set| union | set)
    }

    /// Returns one mask per run: bit j of row i tells whether runs i and j agree. Each run agrees
    /// with itself.
    fn agreement(&self) -> [u8; MAX_TASK_RUNS] {
        let mut rows = [0; MAX_TASK_RUNS];
        for ((index, run), row) in (0..).zip(self.runs()).zip(&mut rows) {
            let told = if self.element == Element::Bytes as u8 {
                0
            } else {
                run.agrees & self.mask(|other| contains(other.agrees, index))
            };
            *row = told | self.mask(|other| other.root == run.root);
        }
        rows
    }

    fn mask(&self, chosen: impl Fn(&Run) -> bool) -> u8 {
        (0..)
            .zip(self.runs())
            .filter(|(_, run)| chosen(run))
            .fold(0, |mask, (index, _)| mask | 1u8.checked_shl(index).unwrap_or(0))
    }
}

fn contains(mask: u8, index: u32) -> bool {
    mask.checked_shr(index).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::running::tests::revealed;

    /// Returns the agreeing runs of a task with these roots, of which k must agree, after the
    /// providers reported the masks in `told`.
    fn agreeing(k: u8, roots: &[u8], told: &[u8]) -> u8 {
        let mut task = revealed(7, roots);
        task.k = k;
        for (run, agrees) in task.runs.iter_mut().zip(told) {
            run.agrees = *agrees;
        }
        task.agreeing()
    }

    #[test]
    fn equal_outputs_agree_untold() {
        assert_eq!(agreeing(2, &[4, 4, 4], &[]), 0b111);
        assert_eq!(agreeing(2, &[4, 5, 4], &[]), 0b101);
        assert_eq!(agreeing(2, &[4, 5, 6], &[]), 0);
    }

    #[test]
    fn agreement_is_mutual() {
        assert_eq!(agreeing(2, &[1, 2, 3], &[0b010, 0b001, 0]), 0b011);
        assert_eq!(agreeing(2, &[1, 2, 3], &[0b110, 0b100, 0]), 0);
    }

    #[test]
    fn a_set_agrees_pair_by_pair() {
        // a chain: 0 agrees with 1, and 1 with 2
        let chain = [0b010, 0b101, 0b010];
        assert_eq!(agreeing(3, &[1, 2, 3], &chain), 0);
        assert_eq!(agreeing(3, &[1, 2, 3], &[0b110, 0b101, 0b011]), 0b111);
    }

    #[test]
    fn overlapping_sets_are_all_paid() {
        let chain = [0b010, 0b101, 0b010];
        assert_eq!(agreeing(2, &[1, 2, 3], &chain), 0b111);
    }

    #[test]
    fn nobody_is_pushed_out_by_being_denied() {
        // 0, 1 and 2 agree; 3 and 4 are right as well, but deny 2
        let told = [0b11110, 0b11101, 0b00011, 0b10011, 0b01011];
        assert_eq!(agreeing(3, &[1, 2, 3, 4, 5], &told), 0b11111);
    }

    #[test]
    fn two_liars_in_five_reach_no_quorum() {
        // 3 and 4 say that they agree with everybody
        let told = [0b00110, 0b00101, 0b00011, 0b11111, 0b11111];
        assert_eq!(agreeing(3, &[1, 2, 3, 4, 5], &told), 0b00111);
    }

    #[test]
    fn bytes_agree_by_their_roots_alone() {
        let mut task = revealed(7, &[1, 2, 2]);
        task.element = Element::Bytes as u8;
        for run in &mut task.runs {
            run.agrees = 0b111;
        }
        assert_eq!(task.agreeing(), 0b110);
    }

    #[test]
    fn silent_runs_agree_with_nobody() {
        let mut task = revealed(7, &[1, 1, 1]);
        task.runs[0].state = RunState::Silent as u8;
        assert_eq!(task.agreeing(), 0b110);
        task.runs[1].state = RunState::Silent as u8;
        assert_eq!(task.agreeing(), 0);
    }

    #[test]
    fn seven_runs_are_searched_in_full() {
        assert_eq!(agreeing(4, &[1, 2, 1, 2, 1, 2, 1], &[]), 0b101_0101);
        assert_eq!(agreeing(4, &[1, 1, 1, 2, 2, 2, 3], &[]), 0);
        assert_eq!(agreeing(7, &[1; 7], &[]), 0b111_1111);
    }
}
