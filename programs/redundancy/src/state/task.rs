// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::Envelope;
use staking::state::RedundancyParams;

use super::{Run, RunState, Tolerance};
use crate::errors::{Checked, RedundancyError};

protocol::limits! {
    /// Maximum number of runs of a task. A mask of one byte holds one bit per run.
    pub const MAX_TASK_RUNS: usize = 7;
    /// Minimum number of runs of a task. With an odd number, blocking takes as many runs as deciding.
    pub const MIN_TASK_RUNS: u8 = 3;
    /// Number of crank steps per task that the buyer locks a tip for; later steps earn nothing.
    pub const PAID_CRANK_STEPS: u8 = 8;
    /// Maximum number of crankers of a task: one per paid step.
    pub const MAX_CRANKERS: usize = PAID_CRANK_STEPS as usize;
}

protocol::codes! {
    /// Values of `Task.state`.
    pub enum State {
        /// Providers may join.
        Joining = 0,
        /// The providers of this round run the task and commit.
        Running = 1,
        /// The providers that committed reveal their roots.
        Revealing = 2,
        /// The providers that revealed report whose outputs agree with theirs.
        Comparing = 3,
        /// Everything is known, and `decide` is due.
        Deciding = 4,
        /// The runs that agree were paid.
        Settled = 5,
        /// Too few runs agreed, and nobody was paid.
        Undecided = 6,
        /// Too few providers joined.
        Cancelled = 7,
    }
}

#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cranker {
    pub party: Pubkey,
    /// Number of paid steps that this party took; each earns one tip.
    pub steps: u64,
}

/// PDA `["task", buyer, id u64 LE]`: a task and its runs.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Task {
    pub buyer: Pubkey,
    /// SHA-256 of the kernel package.
    pub kernel: [u8; 32],
    /// SHA-256 of the input manifest.
    pub input: [u8; 32],
    /// URL where the buyer serves the package and the inputs.
    pub source: [u8; 96],
    pub id: u64,
    pub output_bytes: u64,
    /// Price of each paid run in base units, before the escrow's fee is taken.
    pub price: u64,
    /// Base units for each paid crank step.
    pub tip: u64,
    /// Slot of posting, or of the latest extension. Turns to join count from it, and the stake counts
    /// that stood when its window began.
    pub posted_slot: u64,
    /// Last slot of the present state; meaningless once the task has ended.
    pub deadline: u64,
    pub sequence: u64,
    pub tolerance: Tolerance,
    pub element: u8,
    /// Number of runs that must agree: the majority of `n`.
    pub k: u8,
    /// Number of runs wanted so far, an odd number.
    pub n: u8,
    /// Number of runs whose price the buyer locked, an odd number.
    pub max_runs: u8,
    pub state: u8,
    /// Round, counted from 1. Each extension begins another.
    pub round: u8,
    /// Number of runs that joined, silent ones included.
    pub joined: u8,
    /// Bit i tells whether run i is paid; zero until settled.
    pub paid: u8,
    pub cranker_count: u8,
    /// Number of crank steps that earned a tip.
    pub tipped: u8,
    pub bump: u8,
    pub escrow_bump: u8,
    /// Version of the terms under which the task was posted.
    pub terms: u16,
    pub padding: [u8; 6],
    pub runs: [Run; MAX_TASK_RUNS],
    pub crankers: [Cranker; MAX_CRANKERS],
}

impl Task {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    pub fn is(&self, state: State) -> bool {
        self.state == state as u8
    }

    pub fn require(&self, state: State) -> Result<()> {
        require!(self.is(state), RedundancyError::WrongState);
        Ok(())
    }

    pub fn has_ended(&self) -> bool {
        [State::Settled, State::Undecided, State::Cancelled].iter().any(|state| self.is(*state))
    }

    pub fn require_ended(&self) -> Result<()> {
        require!(self.has_ended(), RedundancyError::TaskNotEnded);
        Ok(())
    }

    pub fn runs(&self) -> &[Run] {
        self.runs.get(..usize::from(self.joined)).unwrap_or(&[])
    }

    pub fn count(&self, state: RunState) -> usize {
        self.runs().iter().filter(|run| run.is(state)).count()
    }

    pub fn run_mut(&mut self, index: u8) -> Result<&mut Run> {
        require!(index < self.joined, RedundancyError::NoSuchRun);
        Ok(self.runs.get_mut(usize::from(index)).ok_or(RedundancyError::NoSuchRun)?)
    }

    /// Returns the index of the provider's run.
    pub fn index_of(&self, provider: &Pubkey) -> Result<u8> {
        let index = self.runs().iter().position(|run| run.provider == *provider);
        let index = index.and_then(|index| u8::try_from(index).ok());
        Ok(index.ok_or(RedundancyError::NotJoined)?)
    }

    pub fn crankers(&self) -> &[Cranker] {
        self.crankers.get(..usize::from(self.cranker_count)).unwrap_or(&[])
    }

    pub fn next_envelope(&mut self, clock: &Clock) -> Result<Envelope> {
        Envelope::next(&mut self.sequence, clock).checked()
    }

    /// Credits `party` with a tip while any are left. A step is never refused because no tip is
    /// left.
    pub fn record_crank(&mut self, party: Pubkey) -> Result<()> {
        if self.tipped >= PAID_CRANK_STEPS {
            return Ok(());
        }
        let count = usize::from(self.cranker_count);
        let known = self.crankers().iter().position(|cranker| cranker.party == party);
        let entry = self.crankers.get_mut(known.unwrap_or(count)).checked()?;
        entry.party = party;
        entry.steps = entry.steps.checked_add(1).checked()?;
        if known.is_none() {
            self.cranker_count = self.cranker_count.checked_add(1).checked()?;
        }
        self.tipped = self.tipped.checked_add(1).checked()?;
        Ok(())
    }

    /// Sets the number of runs wanted, and with it the majority that must agree.
    pub fn want(&mut self, n: u8) -> Result<()> {
        self.n = n;
        self.k = (n / 2).checked_add(1).checked()?;
        Ok(())
    }

    /// Opens joining after the task was posted or extended.
    pub fn open_joining(&mut self, slot: u64, params: &RedundancyParams) -> Result<()> {
        self.round = self.round.checked_add(1).checked()?;
        self.posted_slot = slot;
        self.enter(State::Joining, slot, params.join_slots)
    }

    /// Enters `state`, which lasts `slots` from `slot`.
    pub(super) fn enter(&mut self, state: State, slot: u64, slots: u64) -> Result<()> {
        self.deadline = slot.checked_add(slots).checked()?;
        self.state = state as u8;
        Ok(())
    }

    /// Releases a bond, once, and returns its provider.
    pub fn release(&mut self, index: u8) -> Result<Pubkey> {
        self.require_ended()?;
        let run = self.run_mut(index)?;
        require!(run.released == 0, RedundancyError::AlreadyReleased);
        run.released = 1;
        Ok(run.provider)
    }

    pub fn require_closable(&self) -> Result<()> {
        self.require_ended()?;
        let released = self.runs().iter().all(|run| run.released == 1);
        require!(released, RedundancyError::BondsUnreleased);
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const PARAMS: RedundancyParams = RedundancyParams {
        join_slots: 100,
        run_slots: 200,
        reveal_slots: 30,
        compare_slots: 40,
        claim_scale_slots: 2,
        claim_max_delay_slots: 32,
        bond_bps: 1_000,
        join_kappa: 5,
    };

    pub fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    /// Returns a task posted in slot 1,000 for `n` runs, with room for `max_runs`.
    pub fn posted(n: u8, max_runs: u8) -> Box<Task> {
        let mut task: Box<Task> = Box::new(bytemuck::Zeroable::zeroed());
        task.want(n).unwrap();
        task.max_runs = max_runs;
        (task.buyer, task.element, task.price, task.tip) = (key(100), 2, 1_000, 3);
        task.open_joining(1_000, &PARAMS).unwrap();
        task
    }

    #[test]
    fn layout_is_frozen() {
        assert_eq!(std::mem::size_of::<Cranker>(), 40);
        assert_eq!(std::mem::size_of::<Task>(), 192 + 56 + 16 + 16 + 7 * 120 + 8 * 40);
    }

    #[test]
    fn a_majority_must_agree() {
        let mut task = posted(3, 7);
        for (n, k) in [(3, 2), (5, 3), (7, 4)] {
            task.want(n).unwrap();
            assert_eq!((task.n, task.k), (n, k));
        }
    }

    #[test]
    fn steps_beyond_the_tips_are_taken_for_nothing() {
        let mut task = posted(3, 7);
        for party in [1, 2, 1, 3, 4, 5, 6, 7, 8, 1] {
            task.record_crank(key(party)).unwrap();
        }
        let steps: Vec<_> = task.crankers().iter().map(|cranker| cranker.steps).collect();
        assert_eq!((task.tipped, steps), (8, vec![2, 1, 1, 1, 1, 1, 1]));
    }

    #[test]
    fn there_is_room_for_a_cranker_a_tip() {
        let mut task = posted(3, 7);
        for party in 0..9 {
            task.record_crank(key(party)).unwrap();
        }
        assert_eq!(task.crankers().len(), 8);
    }

    #[test]
    fn a_bond_is_released_once_and_after_the_end() {
        let mut task = posted(3, 3);
        task.runs[0].provider = key(1);
        task.joined = 1;
        assert_eq!(task.release(0), Err(RedundancyError::TaskNotEnded.into()));
        task.state = State::Cancelled as u8;
        assert_eq!(task.require_closable(), Err(RedundancyError::BondsUnreleased.into()));
        assert_eq!(task.release(0).unwrap(), key(1));
        assert_eq!(task.release(0), Err(RedundancyError::AlreadyReleased.into()));
        assert_eq!(task.release(1), Err(RedundancyError::NoSuchRun.into()));
        assert!(task.require_closable().is_ok());
    }
}
