use anchor_lang::prelude::*;
use job_registry::state::Graph;
use protocol::{
    descriptor::{row_stride, Dtype, Shape},
    fixed::widening_mul,
    slot_hashes::{lookup, Lookup},
};
use solana_sha256_hasher::hashv;

use super::{draw::uniform, Entropy, Outcome, Params, State, Verdict, MAX_DRAWS};
use crate::errors::{Checked, VerdictError};

/// Elements that a provider must show when a majority misses its data.
pub const QUESTIONS: u8 = 8;
/// Slots from the tally to the slot whose hash chooses them.
pub const ANSWER_DELAY: u64 = 2;
const ALL_ANSWERED: u8 = u8::MAX;

/// Questions to the providers of data that a majority misses; all zero before that.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Zero until the first answer, or the void for want of one, learns it.
    pub seed: [u8; 32],
    pub asked_slot: u64,
    pub deadline: u64,
    /// Bit i is set once question i has been answered.
    pub answered: u8,
    pub padding: [u8; 7],
}

/// Operator and element of question `index`: uniform over all elements that the first `covered`
/// operators put out, padding left out. None when there are none.
pub fn question(seed: &[u8; 32], index: u8, graph: &Graph, covered: u16) -> Option<(u32, u32)> {
    let shapes = graph.shapes.get(..usize::from(covered))?;
    let total = shapes.iter().map(elements).fold(0, u64::wrapping_add);
    let mut target = u64::try_from(widening_mul(uniform(seed, index), total) >> 64).ok()?;
    for (operator, shape) in shapes.iter().enumerate() {
        let count = elements(shape);
        if target < count {
            let columns = u64::from(shape[3]);
            let size = Dtype::from_code(*graph.dtypes.get(operator)?)?.bytes();
            let stride = row_stride(columns.checked_mul(size)?)?.checked_div(size)?;
            let row = target.checked_div(columns)?.checked_mul(stride)?;
            let element = row.checked_add(target.checked_rem(columns)?)?;
            return Some((u32::try_from(operator).ok()?, u32::try_from(element).ok()?));
        }
        target = target.wrapping_sub(count);
    }
    None
}

/// Elements of a registered output: far from overflowing, even all outputs together, and hundreds of
/// checks would be dear.
fn elements(shape: &Shape) -> u64 {
    let [n, h, w, c] = shape.map(u64::from);
    n.wrapping_mul(h).wrapping_mul(w).wrapping_mul(c)
}

impl Verdict {
    pub fn ask(&mut self, slot: u64, answer_slots: u64) -> Result<()> {
        self.unavailable_rounds = self.unavailable_rounds.checked_add(1).checked()?;
        self.availability.asked_slot = slot;
        self.availability.deadline = slot.checked_add(answer_slots).checked()?;
        self.state = State::Answering as u8;
        Ok(())
    }

    /// Takes the hash that chooses the questions, unless it is known.
    pub fn learn_questions(&mut self, slot_hashes: &AccountInfo, slot: u64) -> Result<()> {
        if self.availability.seed != [0; 32] {
            return Ok(());
        }
        let first = self.availability.asked_slot.checked_add(ANSWER_DELAY).checked()?;
        let entropy = Entropy::of(first, 0, slot).ok_or(VerdictError::SlotHashUnavailable)?;
        let Some(Lookup::Found { hash, .. }) = lookup(slot_hashes, entropy.slot) else {
            return err!(VerdictError::SlotHashUnavailable);
        };
        self.availability.seed = hashv(&[&hash, self.job.as_ref()]).to_bytes();
        Ok(())
    }

    pub fn question(&self, index: u8, graph: &Graph) -> Option<(u32, u32)> {
        question(&self.availability.seed, index, graph, self.covered())
    }

    pub fn require_unanswered(&self, index: u8, slot: u64) -> Result<()> {
        self.require(State::Answering)?;
        require!(slot <= self.availability.deadline, VerdictError::AnswersClosed);
        require!(index < QUESTIONS, VerdictError::NoSuchQuestion);
        require!(self.availability.answered & bit(index) == 0, VerdictError::AlreadyAnswered);
        Ok(())
    }

    /// The last answer shows that the data can be had: more verifiers are asked. Where the draws
    /// are used up the public may still look.
    pub fn answer(&mut self, index: u8, slot: u64, params: &Params) -> Result<()> {
        self.availability.answered |= bit(index);
        if self.availability.answered != ALL_ANSWERED {
            return Ok(());
        }
        if self.draws < MAX_DRAWS {
            self.committed(slot);
            return Ok(());
        }
        self.decide(Outcome::Unverified, slot, params.public_slots)
    }

    /// Provider that answers for a voided result, and whether it loses its bond: the convicted
    /// one, which keeps it in a trap, that of the first question without an answer, or the last one where all were answered
    /// and a majority missed the data again.
    pub fn blamed(&self, graph: &Graph) -> Result<(Pubkey, bool)> {
        if self.outcome().is_proven() {
            let loses_bond = self.outcome() == Outcome::Fraud;
            return Ok((self.convicted()?.provider, loses_bond));
        }
        if self.availability.answered == ALL_ANSWERED {
            return Ok((self.stages().last().checked()?.provider, false));
        }
        let index = u8::try_from(self.availability.answered.trailing_ones()).ok().checked()?;
        let (operator, _) = self.question(index, graph).checked()?;
        Ok((self.stage_of(operator).checked()?.provider, true))
    }
}

fn bit(index: u8) -> u8 {
    1u8.checked_shl(u32::from(index)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::config::tests::PARAMS;
    use super::super::verdict::tests::verdict;
    use super::super::{Fraud, Stage};
    use super::*;

    fn graph() -> Box<Graph> {
        let mut graph: Box<Graph> = Box::new(bytemuck::Zeroable::zeroed());
        graph.shapes[0] = [1, 1, 3, 6];
        graph.shapes[1] = [1, 1, 1, 2];
        graph.dtypes[..2].copy_from_slice(&[1, 2]);
        graph
    }

    #[test]
    fn questions_name_every_element_and_no_padding() {
        let graph = graph();
        let asked: BTreeSet<_> = (0..=255u8)
            .flat_map(|byte| (0..QUESTIONS).map(move |index| ([byte; 32], index)))
            .map(|(seed, index)| question(&seed, index, &graph, 2).unwrap())
            .collect();
        let mut expected: Vec<_> =
            (0..3).flat_map(|row| (0..6).map(move |c| (0, row * 8 + c))).collect();
        expected.extend([(1, 0), (1, 1)]);
        assert_eq!(asked.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(question(&[1; 32], 0, &graph, 0), None);
    }

    #[test]
    fn all_eight_answers_ask_more_verifiers() {
        let mut verdict = verdict();
        verdict.ask(40, 80).unwrap();
        for index in 0..QUESTIONS {
            assert_eq!(verdict.state, State::Answering as u8);
            verdict.require_unanswered(index, 120).unwrap();
            verdict.answer(index, 50, &PARAMS).unwrap();
        }
        assert_eq!((verdict.state, verdict.committed_slot), (State::Committed as u8, 50));
    }

    #[test]
    fn answers_after_the_last_draw_leave_it_to_the_public() {
        let mut verdict = verdict();
        verdict.ask(40, 80).unwrap();
        (verdict.draws, verdict.availability.answered) = (MAX_DRAWS, 0x7f);
        verdict.answer(7, 50, &PARAMS).unwrap();
        assert_eq!((verdict.outcome(), verdict.window_end), (Outcome::Unverified, 110));
    }

    #[test]
    fn a_question_is_answered_once_and_in_time() {
        let mut verdict = verdict();
        assert_eq!(verdict.require_unanswered(0, 0), Err(VerdictError::WrongState.into()));
        verdict.ask(40, 80).unwrap();
        let refused = |verdict: &Verdict, index, slot| verdict.require_unanswered(index, slot);
        assert_eq!(refused(&verdict, 0, 121), Err(VerdictError::AnswersClosed.into()));
        assert_eq!(refused(&verdict, 8, 120), Err(VerdictError::NoSuchQuestion.into()));
        verdict.answer(3, 60, &PARAMS).unwrap();
        assert_eq!(refused(&verdict, 3, 60), Err(VerdictError::AlreadyAnswered.into()));
    }

    #[test]
    fn whoever_owes_the_first_answer_is_blamed() {
        let graph = graph();
        let mut verdict = verdict();
        verdict.operators = 2;
        for first in 0..2u8 {
            let (provider, last) = (Pubkey::new_from_array([first; 32]), first + 1);
            let (first, last) = (first.into(), last.into());
            verdict.commit(Stage { provider, first, last, ..Stage::default() }).unwrap();
        }
        verdict.outcome = Outcome::Unavailable as u8;
        verdict.availability.seed = [9; 32];
        for answered in [0, 1, 3, 7, 15] {
            verdict.availability.answered = answered;
            let index = u8::try_from(answered.trailing_ones()).unwrap();
            let (operator, _) = question(&[9; 32], index, &graph, 2).unwrap();
            let provider = verdict.stages[operator as usize].provider;
            assert_eq!(verdict.blamed(&graph), Ok((provider, true)));
        }
        verdict.availability.answered = u8::MAX;
        assert_eq!(verdict.blamed(&graph), Ok((verdict.stages[1].provider, false)));
        verdict.outcome = Outcome::Fraud as u8;
        verdict.fraud = Fraud { stage: 0, ..Fraud::default() };
        assert_eq!(verdict.blamed(&graph), Ok((verdict.stages[0].provider, true)));
    }
}
