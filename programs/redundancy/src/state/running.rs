//! The steps from joining to the last reveal: what each run may do, and when a state ends. A
//! state ends with the last run that it waits for, whether that run acted or expired.

use anchor_lang::prelude::*;
use staking::state::RedundancyParams;

use super::{commitment, Run, RunState, State, Task, MIN_TASK_RUNS};
use crate::errors::{Checked, RedundancyError};

impl Task {
    /// Adds a run and returns its index. The last run that is wanted starts the running state.
    pub fn join(
        &mut self,
        provider: Pubkey,
        bond: u64,
        slot: u64,
        params: &RedundancyParams,
    ) -> Result<u8> {
        self.require(State::Joining)?;
        require!(slot <= self.deadline, RedundancyError::DeadlinePassed);
        require!(provider != self.buyer, RedundancyError::BuyerIsProvider);
        require!(self.index_of(&provider).is_err(), RedundancyError::AlreadyJoined);
        let (index, round) = (self.joined, self.round);
        let run = self.runs.get_mut(usize::from(index)).checked()?;
        *run = Run { provider, bond, joined_slot: slot, round, ..Run::default() };
        self.joined = index.checked_add(1).checked()?;
        if self.joined == self.n {
            self.enter(State::Running, slot, params.run_slots)?;
        }
        Ok(index)
    }

    /// Closes joining after its deadline. The providers that joined run the task if they are at
    /// least three, or the task ends. Of an even number, the last one to join is freed, because an
    /// even number can be blocked by fewer than decide it. Returns the provider that was freed.
    ///
    /// An extension adds two runs to an odd number. So where joining is closed, at most one run is
    /// new, and no odd number contains it.
    pub fn close_joining(
        &mut self,
        slot: u64,
        params: &RedundancyParams,
    ) -> Result<Option<Pubkey>> {
        self.require(State::Joining)?;
        require!(slot > self.deadline, RedundancyError::DeadlineAhead);
        if self.round > 1 {
            self.state = State::Undecided as u8;
            return Ok(None);
        }
        let freed = self.joined.is_multiple_of(2).then(|| self.runs().last().copied()).flatten();
        let staying = self.joined.saturating_sub(u8::from(freed.is_some()));
        if staying < MIN_TASK_RUNS {
            self.state = State::Cancelled as u8;
            return Ok(None);
        }
        if freed.is_some() {
            *self.run_mut(staying)? = Run::default();
        }
        self.joined = staying;
        self.want(staying)?;
        self.enter(State::Running, slot, params.run_slots)?;
        Ok(freed.map(|run| run.provider))
    }

    pub fn commit(
        &mut self,
        index: u8,
        commitment: [u8; 32],
        slot: u64,
        params: &RedundancyParams,
    ) -> Result<()> {
        self.require(State::Running)?;
        require!(slot <= self.deadline, RedundancyError::DeadlinePassed);
        let run = self.run_mut(index)?;
        require!(run.is(RunState::Joined), RedundancyError::AlreadyCommitted);
        run.commitment = commitment;
        run.committed = 1;
        run.state = RunState::Committed as u8;
        self.advance(slot, params)
    }

    /// Opens a commitment and returns the run's provider.
    pub fn reveal(
        &mut self,
        task: &Pubkey,
        index: u8,
        root: [u8; 32],
        salt: &[u8; 32],
        slot: u64,
        params: &RedundancyParams,
    ) -> Result<Pubkey> {
        self.require(State::Revealing)?;
        require!(slot <= self.deadline, RedundancyError::DeadlinePassed);
        let run = self.run_mut(index)?;
        require!(run.is(RunState::Committed), RedundancyError::NothingToReveal);
        let opened = commitment(&root, salt, &run.provider, task);
        require!(run.commitment == opened, RedundancyError::WrongReveal);
        run.root = root;
        run.state = RunState::Revealed as u8;
        let provider = run.provider;
        self.advance(slot, params)?;
        Ok(provider)
    }

    /// Expires a run that missed the state's deadline. Returns its provider, whose bond is lost.
    pub fn expire(&mut self, index: u8, slot: u64, params: &RedundancyParams) -> Result<Pubkey> {
        let awaited = self.awaited()?;
        require!(slot > self.deadline, RedundancyError::DeadlineAhead);
        let run = self.run_mut(index)?;
        require!(run.is(awaited), RedundancyError::NothingToExpire);
        run.state = RunState::Silent as u8;
        let provider = run.provider;
        self.advance(slot, params)?;
        Ok(provider)
    }

    /// Returns the state of the runs that the present state waits for.
    fn awaited(&self) -> Result<RunState> {
        if self.is(State::Running) {
            return Ok(RunState::Joined);
        }
        self.require(State::Revealing)?;
        Ok(RunState::Committed)
    }

    /// Ends running and revealing when no run is waited for. Where fewer than k outputs can become
    /// known, the commitments stay hidden, so that later runs cannot copy them.
    fn advance(&mut self, slot: u64, params: &RedundancyParams) -> Result<()> {
        if self.count(self.awaited()?) > 0 {
            return Ok(());
        }
        let (committed, revealed) =
            (self.count(RunState::Committed), self.count(RunState::Revealed));
        let known = committed.checked_add(revealed).checked()?;
        if known < usize::from(self.k) || !self.differs() && committed == 0 {
            self.state = State::Deciding as u8;
            return Ok(());
        }
        if committed > 0 {
            return self.enter(State::Revealing, slot, params.reveal_slots);
        }
        self.enter(State::Comparing, slot, params.compare_slots)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::state::task::tests::{key, posted, PARAMS};

    const TASK: Pubkey = Pubkey::new_from_array([77; 32]);

    pub fn join_all(task: &mut Task, slot: u64) {
        while task.is(State::Joining) {
            task.join(key(task.joined), 100, slot, &PARAMS).unwrap();
        }
    }

    fn salt(index: u8) -> [u8; 32] {
        [index; 32]
    }

    /// Lets every awaited run commit, in `slot`, to its output in `roots`.
    pub fn commit_all(task: &mut Task, roots: &[u8], slot: u64) {
        for (index, root) in (0..).zip(roots) {
            if task.runs()[usize::from(index)].is(RunState::Joined) {
                let sealed = commitment(&[*root; 32], &salt(index), &key(index), &TASK);
                task.commit(index, sealed, slot, &PARAMS).unwrap();
            }
        }
    }

    pub fn reveal(task: &mut Task, index: u8, root: u8, slot: u64) -> Result<Pubkey> {
        task.reveal(&TASK, index, [root; 32], &salt(index), slot, &PARAMS)
    }

    pub fn reveal_all(task: &mut Task, roots: &[u8], slot: u64) {
        for (index, root) in (0..).zip(roots) {
            if task.runs()[usize::from(index)].is(RunState::Committed) {
                reveal(task, index, *root, slot).unwrap();
            }
        }
    }

    /// Returns a task whose runs have joined, committed and revealed these outputs.
    pub fn revealed(max_runs: u8, roots: &[u8]) -> Box<Task> {
        let mut task = posted(u8::try_from(roots.len()).unwrap(), max_runs);
        join_all(&mut task, 1_001);
        commit_all(&mut task, roots, 1_002);
        reveal_all(&mut task, roots, 1_003);
        task
    }

    #[test]
    fn the_last_one_to_join_starts_the_runs() {
        let mut task = posted(3, 5);
        for provider in 0..2 {
            assert_eq!(task.join(key(provider), 7, 1_100, &PARAMS).unwrap(), provider);
            assert!(task.is(State::Joining));
        }
        let again = task.join(key(1), 7, 1_100, &PARAMS);
        assert_eq!(again, Err(RedundancyError::AlreadyJoined.into()));
        let buyer = task.join(key(100), 7, 1_100, &PARAMS);
        assert_eq!(buyer, Err(RedundancyError::BuyerIsProvider.into()));
        let late = task.join(key(2), 7, 1_101, &PARAMS);
        assert_eq!(late, Err(RedundancyError::DeadlinePassed.into()));
        task.join(key(2), 7, 1_100, &PARAMS).unwrap();
        assert!(task.is(State::Running));
        assert_eq!(task.deadline, 1_300);
        assert_eq!(task.join(key(3), 7, 1_100, &PARAMS), Err(RedundancyError::WrongState.into()));
    }

    #[test]
    fn an_odd_number_of_three_or_more_starts() {
        for (n, joined, started) in [
            (3, 0, None),
            (3, 1, None),
            (3, 2, None),
            (5, 2, None),
            (5, 3, Some((3, 2, None))),
            (5, 4, Some((3, 2, Some(3)))),
            (7, 3, Some((3, 2, None))),
            (7, 4, Some((3, 2, Some(3)))),
            (7, 5, Some((5, 3, None))),
            (7, 6, Some((5, 3, Some(5)))),
        ] {
            let mut task = posted(n, 7);
            for provider in 0..joined {
                task.join(key(provider), 7, 1_001, &PARAMS).unwrap();
            }
            let early = task.close_joining(1_100, &PARAMS);
            assert_eq!(early, Err(RedundancyError::DeadlineAhead.into()));
            let freed = task.close_joining(1_101, &PARAMS).unwrap();
            if let Some((staying, k, last)) = started {
                assert!(task.is(State::Running));
                assert_eq!((task.joined, task.n, task.k), (staying, staying, k));
                assert_eq!((freed, task.deadline), (last.map(key), 1_301));
            } else {
                assert!(task.is(State::Cancelled));
                assert_eq!((task.joined, task.n, freed), (joined, n, None));
            }
            let twice = task.close_joining(9_999, &PARAMS);
            assert_eq!(twice, Err(RedundancyError::WrongState.into()));
        }
    }

    #[test]
    fn a_freed_provider_has_no_run_and_may_join_an_extension() {
        let mut task = posted(5, 5);
        for provider in 0..4 {
            task.join(key(provider), 7, 1_001, &PARAMS).unwrap();
        }
        assert_eq!(task.close_joining(1_101, &PARAMS).unwrap(), Some(key(3)));
        assert_eq!(task.runs[3], Run::default());
        assert_eq!(task.index_of(&key(3)), Err(RedundancyError::NotJoined.into()));
        let unheard = task.commit(3, [1; 32], 1_102, &PARAMS);
        assert_eq!(unheard, Err(RedundancyError::NoSuchRun.into()));
        commit_all(&mut task, &[1, 2, 3], 1_102);
        reveal_all(&mut task, &[1, 2, 3], 1_103);
        task.decide(1_144, &PARAMS).unwrap();
        assert_eq!((task.n, task.k), (5, 3));
        assert_eq!(task.join(key(3), 7, 1_145, &PARAMS).unwrap(), 3);
        assert_eq!(task.runs[3].round, 2);
        assert_eq!(task.join(key(4), 7, 1_145, &PARAMS).unwrap(), 4);
        assert!(task.is(State::Running));
    }

    #[test]
    fn an_extension_that_lacks_a_provider_ends_undecided() {
        for new in [0, 1] {
            let mut task = revealed(5, &[1, 2, 3]);
            task.want(5).unwrap();
            task.open_joining(2_000, &PARAMS).unwrap();
            for provider in 3..3 + new {
                task.join(key(provider), 7, 2_001, &PARAMS).unwrap();
            }
            assert_eq!(task.close_joining(2_101, &PARAMS).unwrap(), None);
            assert!(task.is(State::Undecided));
            for run in 0..3 + new {
                assert_eq!(task.release(run).unwrap(), key(run));
            }
            assert!(task.require_closable().is_ok());
        }
    }

    #[test]
    fn the_last_commitment_opens_revealing() {
        let mut task = posted(3, 3);
        join_all(&mut task, 1_001);
        assert_eq!(task.commit(3, [1; 32], 1_002, &PARAMS), Err(RedundancyError::NoSuchRun.into()));
        task.commit(0, [1; 32], 1_002, &PARAMS).unwrap();
        let twice = task.commit(0, [2; 32], 1_002, &PARAMS);
        assert_eq!(twice, Err(RedundancyError::AlreadyCommitted.into()));
        task.commit(1, [1; 32], 1_201, &PARAMS).unwrap();
        let late = task.commit(2, [1; 32], 1_202, &PARAMS);
        assert_eq!(late, Err(RedundancyError::DeadlinePassed.into()));
        assert_eq!(reveal(&mut task, 0, 1, 1_100), Err(RedundancyError::WrongState.into()));
        task.commit(2, [1; 32], 1_201, &PARAMS).unwrap();
        assert!(task.is(State::Revealing));
        assert_eq!(task.deadline, 1_231);
    }

    #[test]
    fn who_does_not_commit_is_counted_out_after_the_deadline() {
        let mut task = posted(3, 3);
        join_all(&mut task, 1_001);
        commit_all(&mut task, &[1, 1], 1_002);
        let early = task.expire(2, 1_201, &PARAMS);
        assert_eq!(early, Err(RedundancyError::DeadlineAhead.into()));
        let committed = task.expire(1, 1_202, &PARAMS);
        assert_eq!(committed, Err(RedundancyError::NothingToExpire.into()));
        assert_eq!(task.expire(2, 1_202, &PARAMS).unwrap(), key(2));
        assert!(task.is(State::Revealing));
        assert_eq!(task.deadline, 1_232);
    }

    #[test]
    fn a_commitment_counts_even_if_it_is_never_opened() {
        let mut task = posted(3, 3);
        join_all(&mut task, 1_001);
        task.commit(0, [0; 32], 1_002, &PARAMS).unwrap();
        commit_all(&mut task, &[1, 1], 1_002);
        task.expire(2, 1_202, &PARAMS).unwrap();
        task.expire(0, 1_233, &PARAMS).unwrap();
        let committed: Vec<_> = task.runs().iter().map(|run| run.committed).collect();
        assert_eq!(committed, [1, 1, 0]);
    }

    #[test]
    fn too_few_commitments_stay_hidden() {
        let mut task = posted(3, 3);
        join_all(&mut task, 1_001);
        commit_all(&mut task, &[1], 1_002);
        task.expire(1, 1_202, &PARAMS).unwrap();
        assert!(task.is(State::Running));
        task.expire(2, 1_202, &PARAMS).unwrap();
        assert!(task.is(State::Deciding));
        assert_eq!(task.runs[0].root, [0; 32]);
        assert_eq!(task.expire(0, 9_999, &PARAMS), Err(RedundancyError::WrongState.into()));
    }

    #[test]
    fn a_reveal_opens_the_commitment_and_no_other() {
        let mut task = posted(3, 3);
        join_all(&mut task, 1_001);
        commit_all(&mut task, &[5, 6, 5], 1_002);
        assert_eq!(reveal(&mut task, 0, 6, 1_003), Err(RedundancyError::WrongReveal.into()));
        assert_eq!(reveal(&mut task, 0, 5, 1_033), Err(RedundancyError::DeadlinePassed.into()));
        assert_eq!(reveal(&mut task, 3, 5, 1_032), Err(RedundancyError::NoSuchRun.into()));
        assert_eq!(reveal(&mut task, 0, 5, 1_032).unwrap(), key(0));
        reveal(&mut task, 2, 5, 1_032).unwrap();
        assert_eq!(reveal(&mut task, 0, 5, 1_032), Err(RedundancyError::NothingToReveal.into()));
        assert_eq!(task.expire(1, 1_032, &PARAMS), Err(RedundancyError::DeadlineAhead.into()));
        task.expire(1, 1_033, &PARAMS).unwrap();
        assert!(task.is(State::Deciding));
    }
}
