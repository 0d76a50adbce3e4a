//! Every task can be ended by cranks alone, whatever its parties did before.

use anchor_lang::prelude::*;

use super::{
    commitment, settlement,
    task::tests::{key, posted, PARAMS},
    RunState, State, Task, MAX_TASK_RUNS,
};

const TASK: Pubkey = Pubkey::new_from_array([77; 32]);
const CRANKER: u8 = 90;
const SEQUENCES: u64 = 10_000;
/// Each of the three rounds is joined, closed, run, revealed, compared and decided, and each of the
/// seven runs expires at most twice.
const MOST_CRANKS: usize = 3 * 6 + 2 * MAX_TASK_RUNS;

/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn byte(&mut self, bound: u8) -> u8 {
        self.below(bound.into()) as u8
    }
}

/// Takes the step that a crank owes in `slot`, as `close_joining`, `expire_run` and `decide` do.
fn crank(task: &mut Task, slot: u64) -> Result<()> {
    match State::from_code(task.state).unwrap() {
        State::Joining => task.close_joining(slot, &PARAMS).map(|_| ())?,
        State::Running => expire_first(task, RunState::Joined, slot)?,
        State::Revealing => expire_first(task, RunState::Committed, slot)?,
        _ => task.decide(slot, &PARAMS).map(|_| ())?,
    }
    task.record_crank(key(CRANKER))
}

fn expire_first(task: &mut Task, awaited: RunState, slot: u64) -> Result<()> {
    let index = task.runs().iter().position(|run| run.is(awaited)).unwrap();
    task.expire(index as u8, slot, &PARAMS).map(|_| ())
}

/// Tries one step of some party, which three times of four is one that the state waits for. A
/// refusal is as good as any other step: the instruction that made it would have no effect, so the
/// task is restored. Run i has the output `outputs[i]`.
fn try_anything(task: &mut Task, outputs: &[u8; 8], slot: u64, dice: &mut Dice) {
    let before = *task;
    let index = dice.byte(8);
    let (root, salt) = ([outputs[usize::from(index)]; 32], [index; 32]);
    let step = if dice.byte(4) == 0 { dice.byte(7) } else { task.state.min(5) };
    let tried = match step {
        0 => task.join(key(dice.byte(9)), 100, slot, &PARAMS).map(|_| ()),
        1 => {
            let provider = task.runs().get(usize::from(index)).map_or(key(99), |run| run.provider);
            let sealed = commitment(&root, &salt, &provider, &TASK);
            task.commit(index, sealed, slot, &PARAMS)
        }
        2 => task.reveal(&TASK, index, root, &salt, slot, &PARAMS).map(|_| ()),
        3 => task.compare(index, dice.byte(128), slot),
        5 => task.release(index).map(|_| ()),
        _ if task.has_ended() => task.require_closable(),
        _ => crank(task, slot),
    };
    if tried.is_err() {
        *task = before;
    }
}

fn check(task: &Task) {
    assert!(task.n % 2 == 1 && task.k == task.n / 2 + 1);
    assert!(3 <= task.n && task.n <= task.max_runs && task.joined <= task.n);
    assert!(task.tipped <= 8);
    for (index, run) in task.runs().iter().enumerate() {
        assert!(task.runs()[..index].iter().all(|other| other.provider != run.provider));
        assert!(run.provider != task.buyer);
    }
    if task.is(State::Running) || task.is(State::Settled) {
        assert!(task.joined == task.n);
    }
    if task.has_ended() {
        let settled = settlement(task, 500).unwrap();
        let locked = task.price * u64::from(task.max_runs) + task.tip * 8;
        assert!(settled.credited().unwrap() + settled.fee + settled.burned <= locked);
        assert!(settled.burned == 0 || task.paid == 0);
        assert_eq!(task.paid != 0, task.is(State::Settled));
    }
}

#[test]
fn every_task_ends_by_cranks_alone() {
    let mut dice = Dice(7);
    let mut endings = [0u64; 8];
    for _ in 0..SEQUENCES {
        let n = 3 + 2 * dice.byte(3);
        let max_runs = (n + 2 * dice.byte(3)).min(7);
        let mut task = posted(n, max_runs);
        task.element = dice.byte(2) * 2;
        // some tasks have runs that all agree, others have few that do
        let different = 1 + dice.byte(4);
        let outputs = [(); 8].map(|()| dice.byte(different));
        let mut slot = task.posted_slot;
        for _ in 0..dice.below(120) {
            slot += if dice.byte(16) == 0 { dice.below(120) } else { 1 };
            try_anything(&mut task, &outputs, slot, &mut dice);
            check(&task);
        }
        let mut cranks = 0;
        while !task.has_ended() {
            slot = slot.max(task.deadline + 1);
            crank(&mut task, slot).unwrap();
            check(&task);
            cranks += 1;
            assert!(cranks <= MOST_CRANKS, "{task:?}");
        }
        endings[usize::from(task.state)] += 1;
        for index in 0..task.joined {
            if task.runs()[usize::from(index)].released == 0 {
                task.release(index).unwrap();
            }
        }
        task.require_closable().unwrap();
    }
    // the sequences are long enough to reach every ending often
    assert!(endings[5..].iter().all(|count| *count > SEQUENCES / 50), "{endings:?}");
}
