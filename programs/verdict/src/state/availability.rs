use anchor_lang::prelude::*;
use job_registry::state::{Graph, MAX_DRAWS};
use operators::descriptor::{elements, row_stride, Dtype};
use protocol::{
    fixed::widening_mul,
    slot_hashes::{lookup, Lookup},
};
use solana_sha256_hasher::hashv;
use staking::state::VerdictParams;

use super::{draw::uniform, Entropy, Outcome, Stage, State, Verdict};
use crate::errors::{Checked, VerdictError};

protocol::limits! {
    /// Number of elements that a provider must show when a majority of verifiers, or the buyer,
    /// cannot get its data.
    pub const QUESTIONS: u8 = 8;
    /// Slots from asking to the slot whose hash chooses the elements.
    pub const ANSWER_DELAY: u64 = 2;
}
/// One set bit per question.
const ALL_ANSWERED: u8 = u8::MAX >> (u8::BITS - QUESTIONS as u32);

/// Questions to the providers when a majority of verifiers, or the buyer, cannot get their data.
/// All zero before any are asked.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Seed of the questions. Zero until the first answer, or the report of a missing one, records
    /// it.
    pub seed: [u8; 32],
    pub asked_slot: u64,
    pub deadline: u64,
    /// Bit i is set once question i has been answered.
    pub answered: u8,
    pub padding: [u8; 7],
}

/// Returns the operator and element of question `index`. It draws a multiply-add uniformly from all
/// that the first `covered` operators take, so any withheld share of the work is asked for with a
/// probability equal to that share. Returns None when there is no such element.
pub fn question(seed: &[u8; 32], index: u8, graph: &Graph, covered: u16) -> Option<(u32, u32)> {
    let work = graph.cumulative_macs.get(..usize::from(covered))?;
    let drawn = widening_mul(uniform(seed, index), *work.last()?) >> 64;
    let drawn = u64::try_from(drawn).ok()?;
    let operator = work.partition_point(|macs| *macs <= drawn);
    let before = operator.checked_sub(1).map_or(Some(0), |at| work.get(at).copied())?;
    let shape = graph.shapes.get(operator)?;
    let taps = work.get(operator)?.checked_sub(before)?.checked_div(elements(shape)?)?;
    let target = drawn.checked_sub(before)?.checked_div(taps)?;

    let columns = u64::from(shape[3]);
    let size = Dtype::from_code(*graph.dtypes.get(operator)?)?.bytes();
    let stride = row_stride(columns.checked_mul(size)?)?.checked_div(size)?;
    let row = target.checked_div(columns)?.checked_mul(stride)?;
    let element = row.checked_add(target.checked_rem(columns)?)?;
    Some((u32::try_from(operator).ok()?, u32::try_from(element).ok()?))
}

impl Verdict {
    pub fn ask(&mut self, slot: u64, answer_slots: u64) -> Result<()> {
        self.unavailable_rounds = self.unavailable_rounds.checked_add(1).checked()?;
        self.availability.asked_slot = slot;
        self.availability.deadline = slot.checked_add(answer_slots).checked()?;
        self.state = State::Answering as u8;
        Ok(())
    }

    /// Lets the buyer ask, once per job, for the data of a result that it is about to pay for, just
    /// as verifiers do.
    pub fn demand(&mut self, slot: u64, answer_slots: u64) -> Result<()> {
        if self.require(State::Disputed).is_err() {
            self.require(State::Decided)?;
            require!(self.outcome().pays_provider(), VerdictError::DemandClosed);
        }
        require!(slot <= self.window_end, VerdictError::DemandClosed);
        require!(self.unavailable_rounds == 0, VerdictError::AlreadyAsked);
        self.outcome = Outcome::None as u8;
        self.ask(slot, answer_slots)
    }

    /// Records the hash that chooses the questions, unless it is already known.
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

    pub fn require_unanswerable(&self, slot: u64) -> Result<()> {
        self.require(State::Answering)?;
        require!(slot > self.availability.deadline, VerdictError::AnswersOpen);
        Ok(())
    }

    /// Records an answer. The last answer shows that the data is available, so more verifiers are
    /// asked. Once all draws are used up, the public may still check the result.
    pub fn answer(&mut self, index: u8, slot: u64, params: &VerdictParams) -> Result<()> {
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

    /// After the deadline, ends judgement against the provider of the first unanswered question.
    /// Returns its stage, and the operator and element that were asked for. The questions must be
    /// known.
    pub fn withhold(&mut self, graph: &Graph, slot: u64) -> Result<(Stage, (u32, u32))> {
        self.require_unanswerable(slot)?;
        let index = u8::try_from(self.availability.answered.trailing_ones()).ok().checked()?;
        let place = self.question(index, graph).checked()?;
        let holds =
            |stage: &Stage| (u32::from(stage.first)..u32::from(stage.last)).contains(&place.0);
        let stage = self.stages().iter().position(holds).checked()?;
        let blamed = self.blame(Outcome::Withheld, stage, Pubkey::default(), slot)?;
        Ok((blamed, place))
    }

    /// Returns the provider that is responsible for a voided result, and whether it loses its bond.
    /// It is the convicted provider, which keeps its bond in a trap, or else the last one, where a
    /// majority could not get data that its providers had shown.
    pub fn blamed(&self) -> Result<(Pubkey, bool)> {
        if self.outcome().convicts() {
            let loses_bond = self.outcome().slashes_provider();
            return Ok((self.convicted()?.provider, loses_bond));
        }
        Ok((self.stages().last().checked()?.provider, false))
    }
}

fn bit(index: u8) -> u8 {
    1u8.checked_shl(u32::from(index)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::verdict::tests::{params, verdict};
    use super::*;

    fn graph() -> Box<Graph> {
        let mut graph: Box<Graph> = Box::new(bytemuck::Zeroable::zeroed());
        graph.shapes[0] = [1, 1, 3, 6];
        graph.shapes[1] = [1, 1, 1, 2];
        graph.dtypes[..2].copy_from_slice(&[1, 2]);
        graph.cumulative_macs[..2].copy_from_slice(&[18, 18 + 2 * 27]);
        graph
    }

    #[test]
    fn questions_name_every_element_by_its_work_and_no_padding() {
        let graph = graph();
        let asked: Vec<_> = (0..=255u8)
            .flat_map(|byte| (0..QUESTIONS).map(move |index| ([byte; 32], index)))
            .map(|(seed, index)| question(&seed, index, &graph, 2).unwrap())
            .collect();
        let mut expected: Vec<_> =
            (0..3).flat_map(|row| (0..6).map(move |c| (0, row * 8 + c))).collect();
        expected.extend([(1, 0), (1, 1)]);
        assert_eq!(asked.iter().copied().collect::<BTreeSet<_>>(), expected.into_iter().collect());
        let wide = asked.iter().filter(|(operator, _)| *operator == 1).count();
        assert!((asked.len() * 70 / 100..asked.len() * 80 / 100).contains(&wide));
        assert_eq!(question(&[1; 32], 0, &graph, 0), None);
    }

    #[test]
    fn all_eight_answers_ask_more_verifiers() {
        let mut verdict = verdict();
        verdict.ask(40, 80).unwrap();
        for index in 0..QUESTIONS {
            assert_eq!(verdict.state, State::Answering as u8);
            verdict.require_unanswered(index, 120).unwrap();
            verdict.answer(index, 50, &params()).unwrap();
        }
        assert_eq!((verdict.state, verdict.committed_slot), (State::Committed as u8, 50));
    }

    #[test]
    fn answers_after_the_last_draw_leave_it_to_the_public() {
        let mut verdict = verdict();
        verdict.ask(40, 80).unwrap();
        (verdict.draws, verdict.availability.answered) = (MAX_DRAWS, 0x7f);
        verdict.answer(7, 50, &params()).unwrap();
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
        verdict.answer(3, 60, &params()).unwrap();
        assert_eq!(refused(&verdict, 3, 60), Err(VerdictError::AlreadyAnswered.into()));
    }

    #[test]
    fn whoever_owes_the_first_answer_is_blamed() {
        let graph = graph();
        for answered in [0, 1, 3, 7, 15] {
            let mut verdict = verdict();
            verdict.operators = 2;
            for first in 0..2u8 {
                let (provider, last) = (Pubkey::new_from_array([first; 32]), first + 1);
                let (first, last) = (first.into(), last.into());
                verdict.commit(Stage { provider, first, last, ..Stage::default() }).unwrap();
            }
            verdict.ask(40, 80).unwrap();
            verdict.availability.seed = [9; 32];
            verdict.availability.answered = answered;
            let early = verdict.withhold(&graph, 120);
            assert_eq!(early, Err(VerdictError::AnswersOpen.into()));
            let index = u8::try_from(answered.trailing_ones()).unwrap();
            let place = question(&[9; 32], index, &graph, 2).unwrap();
            let stage = verdict.stages[place.0 as usize];
            assert_eq!(verdict.withhold(&graph, 121), Ok((stage, place)));
            assert_eq!(verdict.blamed(), Ok((stage.provider, true)));
            verdict.slashed(100, 5_000).unwrap();
            assert_eq!((verdict.fraud.paid, verdict.fraud.bounty), (100, 0));
        }
    }

    #[test]
    fn data_that_was_shown_and_missed_again_costs_nobody_a_bond() {
        let mut verdict = verdict();
        verdict.operators = 1;
        let provider = Pubkey::new_from_array([7; 32]);
        verdict.commit(Stage { provider, first: 0, last: 1, ..Stage::default() }).unwrap();
        verdict.decide(Outcome::Unavailable, 40, 0).unwrap();
        assert_eq!(verdict.blamed(), Ok((provider, false)));
    }

    #[test]
    fn a_buyer_asks_once_and_within_the_window() {
        for outcome in [Outcome::Accepted, Outcome::Unverified, Outcome::Unsampled] {
            let mut verdict = verdict();
            assert_eq!(verdict.demand(10, 80), Err(VerdictError::WrongState.into()));
            verdict.decide(outcome, 100, 20).unwrap();
            assert_eq!(verdict.demand(121, 80), Err(VerdictError::DemandClosed.into()));
            verdict.demand(120, 80).unwrap();
            assert_eq!((verdict.state, verdict.outcome()), (State::Answering as u8, Outcome::None));
            assert_eq!(verdict.availability.deadline, 200);
            verdict.decide(outcome, 130, 20).unwrap();
            assert_eq!(verdict.demand(131, 80), Err(VerdictError::AlreadyAsked.into()));
        }
        let mut verdict = verdict();
        verdict.decide(Outcome::Unavailable, 100, 0).unwrap();
        assert_eq!(verdict.demand(100, 80), Err(VerdictError::DemandClosed.into()));
        (verdict.state, verdict.window_end) = (State::Disputed as u8, 120);
        assert_eq!(verdict.demand(121, 80), Err(VerdictError::DemandClosed.into()));
        verdict.demand(120, 80).unwrap();
    }
}
