//! Every verdict can be ended by strangers alone, whatever its parties did before.

use anchor_lang::prelude::*;
use bytemuck::Zeroable;
use job_registry::state::{Graph, MAX_DRAWS, PAID_CRANK_STEPS};
use protocol::fenwick::Sums;
use referee::Judgement;
use solana_sha256_hasher::hashv;
use staking::state::{VerdictParams, NO_SEAT};

use super::{
    digest, draw, settlement, trap, urn::tests::tree, verdict::tests::params,
    verdict::tests::verdict, BallotState, Choice, Count, Entropy, Outcome, Receipt, Stage, State,
    Verdict, DRAW_DELAY, MAX_BALLOTS,
};
use crate::errors::{Checked, VerdictError};

const SEQUENCES: u64 = 10_000;
const OPERATORS: u16 = 4;
const SEATS: u8 = 12;
const STRANGER: u8 = 90;
const BUYER: u8 = 91;
const SALT: [u8; 32] = [7; 32];
/// A partial result is adopted, drawn and tallied three times, its data is asked for, a provider is
/// slashed, and the job ends.
const MOST_CRANKS: usize = 1 + 2 * MAX_DRAWS as usize + 3;

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

    fn bytes(&mut self) -> [u8; 32] {
        [(); 32].map(|()| self.byte(255))
    }
}

fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

/// Returns whoever holds a seat. The first provider holds seat 0.
fn holder(seat: u16) -> Pubkey {
    key(1 + seat as u8)
}

fn graph() -> Box<Graph> {
    let mut graph: Box<Graph> = Box::new(Graph::zeroed());
    for operator in 0..usize::from(OPERATORS) {
        graph.shapes[operator] = [1, 1, 1, 2];
        graph.dtypes[operator] = 1;
        graph.cumulative_macs[operator] = 6 * (operator as u64 + 1);
    }
    graph
}

/// A verdict, and what its parties keep to themselves.
struct Life {
    verdict: Box<Verdict>,
    graph: Box<Graph>,
    sums: Box<Sums>,
    params: VerdictParams,
    receipt: Box<Receipt>,
    /// What the job hides: a trap in one job of three.
    hidden: [u8; 32],
    votes: [(u8, u32, u32); MAX_BALLOTS],
    /// What most verifiers see.
    opinion: u8,
    slot: u64,
    spared: u8,
}

impl Life {
    fn new(dice: &mut Dice) -> Self {
        let mut verdict = verdict();
        verdict.job = key(250);
        verdict.buyer = key(BUYER);
        verdict.salt_commitment = hashv(&[&SALT]).to_bytes();
        (verdict.operators, verdict.macs) = (OPERATORS, 6 * u64::from(OPERATORS));
        (verdict.verification_fee, verdict.tip) = (20, 4);
        verdict.k = 1 + 2 * dice.byte(3);
        let weights: Vec<_> = (0..dice.byte(SEATS + 1)).map(|_| dice.below(4)).collect();
        let hidden = match dice.byte(3) {
            0 => trap(&key(1), 1, &SALT),
            _ => dice.bytes(),
        };
        Self {
            verdict,
            graph: graph(),
            sums: tree(&weights),
            params: params(),
            receipt: Box::new(Receipt::zeroed()),
            hidden,
            votes: [(0, 0, 0); MAX_BALLOTS],
            opinion: 1 + dice.byte(3),
            slot: 1,
            spared: 0,
        }
    }

    /// Commits up to operator `last`, in the first of two stages or in the only one.
    fn commit(&mut self, last: u16, reputation: u32) -> Result<()> {
        let first = self.verdict.covered() % OPERATORS;
        require!(first < last, VerdictError::InvalidStage);
        let provider = key(if first == 0 { 1 } else { 2 });
        let (slot, macs) = (self.slot, 6 * u64::from(last - first));
        let seat = if first == 0 { 0 } else { NO_SEAT };
        let price = 1_000;
        let stage = Stage {
            provider,
            slot,
            macs,
            price,
            reputation,
            first,
            last,
            seat,
            ..Stage::default()
        };
        self.verdict.commit(stage)
    }

    fn adopt(&mut self) -> Result<()> {
        self.verdict.require(State::Committing)?;
        require!(self.verdict.covered() > 0, VerdictError::NothingToAdopt);
        self.verdict.committed(self.slot);
        self.verdict.record_crank(key(STRANGER))
    }

    fn draw(&mut self, cranker: u8, salted: bool, seed: [u8; 32]) -> Result<()> {
        let (slot, params) = (self.slot, self.params);
        let verdict = &mut self.verdict;
        verdict.require(State::Committed)?;
        if salted {
            verdict.learn_salt(SALT)?;
        }
        let known = verdict.salt().is_some();
        let entropy = Entropy::due(verdict.committed_slot, known, params.salt_slots, slot)
            .ok_or(VerdictError::DrawTooEarly)?;
        verdict.seed = seed;
        verdict.record_crank(key(cranker))?;
        let spared = verdict.may_skip_verification(entropy)
            && !draw::sampled(&seed, verdict.reputation(), params.p_floor_bps).checked()?;
        verdict.count_draw()?;
        if spared {
            self.spared += 1;
            return verdict.decide(Outcome::Unsampled, slot, params.challenge_slots);
        }
        let mut urn = verdict.urn(&self.sums).checked()?;
        let seats = draw::seats(&seed, &mut urn, verdict.k).checked()?;
        verdict.begin_ballots(&seats, 9, slot, &params)
    }

    fn seat(&self, index: u8) -> u16 {
        self.verdict.ballots[usize::from(index)].seat
    }

    fn cast(&mut self, index: u8, vote: (u8, u32, u32)) -> Result<()> {
        let (seat, (choice, operator, element)) = (self.seat(index), vote);
        let verifier = holder(seat);
        let sealed = digest(choice, operator, element, &SALT, &verifier, &self.verdict.job);
        self.votes[usize::from(index)] = vote;
        self.verdict.cast(index, verifier, seat, sealed, self.slot, self.params.reveal_slots)
    }

    fn decline(&mut self, index: u8) -> Result<()> {
        let seat = self.seat(index);
        self.verdict.decline(index, holder(seat), seat, self.slot, self.params.reveal_slots)
    }

    fn reveal(&mut self, index: u8) -> Result<()> {
        let vote = self.votes[usize::from(index)];
        self.verdict.reveal(index, vote, &SALT, self.slot).map(|_| ())
    }

    fn tally(&mut self, cranker: u8) -> Result<()> {
        let verdict = &mut self.verdict;
        verdict.require(State::Balloting)?;
        require!(verdict.ballots_closed(self.slot), VerdictError::TallyTooEarly);
        verdict.record_crank(key(cranker))?;
        let count = Count::of(verdict.ballots());
        let decision = count.decision(verdict.draws, verdict.unavailable_rounds);
        verdict.apply(decision, self.slot, &self.params)
    }

    fn prove(&mut self) -> Result<()> {
        self.verdict.require_challengeable(self.slot)?;
        let stage = usize::from(self.verdict.stage_count.saturating_sub(1));
        let judgement = Judgement { expected: 1, committed: 2, stage };
        let stage = self.verdict.convict(&judgement, key(STRANGER), self.slot)?;
        self.receipt.provider = stage.provider;
        self.receipt.slot = self.slot;
        self.receipt.operator = 1;
        Ok(())
    }

    fn open_trap(&mut self) -> Result<()> {
        let (slots, slot) = (self.params.trap_slots, self.slot);
        self.verdict.open_trap(&self.hidden, &self.receipt, &SALT, slots, slot)
    }

    fn demand(&mut self) -> Result<()> {
        self.verdict.demand(self.slot, self.params.answer_slots)
    }

    fn answer(&mut self, index: u8) -> Result<()> {
        self.verdict.require_unanswered(index, self.slot)?;
        self.verdict.answer(index, self.slot, &self.params)
    }

    fn expire(&mut self) -> Result<()> {
        self.verdict.require_unanswerable(self.slot)?;
        self.verdict.availability.seed = [9; 32];
        let (stage, _) = self.verdict.withhold(&self.graph, self.slot)?;
        self.receipt.provider = stage.provider;
        self.receipt.slot = self.slot;
        Ok(())
    }

    fn slash(&mut self) -> Result<()> {
        self.verdict.require_slashable()?;
        let open = self.receipt.may_be_trap(self.params.trap_slots, self.slot)?;
        require!(!open, VerdictError::TrapOpen);
        assert_eq!(self.verdict.convicted().unwrap().provider, self.receipt.provider);
        self.verdict.slashed(500, self.params.bounty_bps)
    }

    fn settle(&mut self, cranker: u8) -> Result<()> {
        self.verdict.require_payable(self.slot)?;
        if self.verdict.require(State::Disputed).is_ok() {
            self.verdict.outcome = Outcome::Unproven as u8;
        }
        self.finish(cranker)
    }

    fn void(&mut self, cranker: u8) -> Result<()> {
        self.verdict.require_voidable()?;
        self.verdict.blamed()?;
        self.finish(cranker)
    }

    fn finish(&mut self, cranker: u8) -> Result<()> {
        self.verdict.record_crank(key(cranker))?;
        self.verdict.state = State::Settled as u8;
        settlement(&self.verdict, 500).checked().map(|_| ())
    }

    /// Takes one step of some party, which three times of four is one that the state waits for.
    fn try_anything(&mut self, dice: &mut Dice) -> Result<()> {
        let index = dice.byte(self.verdict.ballot_count.max(1));
        let cranker = STRANGER + 1 + dice.byte(9);
        let awaited = match State::from_code(self.verdict.state).unwrap() {
            State::Committing => &[0, 0, 1][..],
            State::Committed => &[2],
            State::Balloting => &[3, 3, 3, 4, 5, 5, 5, 6],
            State::Disputed => &[7, 8, 11, 12],
            State::Decided => &[7, 8, 9, 11, 11, 12, 13, 13],
            State::Answering => &[12, 14, 14, 14, 14, 14, 14, 15],
            State::Settled => &[16, 17, 18],
        };
        let step = match dice.byte(4) {
            0 => dice.byte(19),
            _ => awaited[usize::from(dice.byte(awaited.len() as u8))],
        };
        match step {
            0 => self.commit(1 + u16::from(dice.byte(4)), 65_536 * u32::from(dice.byte(2))),
            1 => self.adopt(),
            2 => self.draw(cranker, dice.byte(4) > 0, dice.bytes()),
            3 => {
                let choice = if dice.byte(8) > 0 { self.opinion } else { 1 + dice.byte(3) };
                let rejects = choice == Choice::Reject as u8;
                self.cast(index, if rejects { (choice, 1, 5) } else { (choice, 0, 0) })
            }
            4 => self.decline(index),
            5 => self.reveal(index),
            6 => self.tally(cranker),
            7 => self.settle(cranker),
            8 => self.void(cranker),
            9 => self.slash(),
            10 | 11 => self.demand(),
            12 if dice.byte(12) == 0 => self.prove(),
            13 => self.open_trap(),
            14 => self.answer(self.verdict.availability.answered.trailing_ones() as u8),
            15 => self.expire(),
            16 => self.verdict.release(index).map(|_| ()),
            17 => self.verdict.report(index, self.slot).map(|_| ()),
            18 => self.verdict.slash_ballot(index).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Takes the step that a stranger can take once every deadline has passed.
    fn crank(&mut self) -> Result<()> {
        let verdict = &self.verdict;
        let due = [
            verdict.committed_slot + DRAW_DELAY + self.params.salt_slots,
            verdict.reveal_deadline,
            verdict.availability.deadline,
            verdict.window_end,
            self.receipt.slot + self.params.trap_slots,
        ];
        self.slot = self.slot.max(due.into_iter().max().unwrap() + 1);
        match State::from_code(verdict.state).unwrap() {
            State::Committing => self.adopt(),
            State::Committed => self.draw(STRANGER, false, [3; 32]),
            State::Balloting => self.tally(STRANGER),
            State::Answering => self.expire(),
            State::Disputed => self.settle(STRANGER),
            State::Decided if verdict.outcome().pays_provider() => self.settle(STRANGER),
            State::Decided if verdict.require_slashable().is_ok() => self.slash(),
            State::Decided => self.void(STRANGER),
            State::Settled => unreachable!(),
        }
    }

    /// Ends every ballot, after which the verdict can be closed.
    fn end_ballots(&mut self) {
        for index in 0..self.verdict.ballot_count {
            let ballot = self.verdict.ballots[usize::from(index)];
            if ballot.owes_slash(self.verdict.outcome()) {
                self.verdict.slash_ballot(index).unwrap();
            }
            if ballot.is(BallotState::Cast) || ballot.is(BallotState::Revealed) {
                self.verdict.release(index).unwrap();
            }
            if self.verdict.kept_silent(&ballot) {
                self.verdict.report(index, self.slot).unwrap();
            }
        }
        self.verdict.require_ballots_ended().unwrap();
    }

    fn check(&self) {
        let verdict = &self.verdict;
        assert!(verdict.draws <= MAX_DRAWS && self.spared <= 1);
        assert!(verdict.tipped <= PAID_CRANK_STEPS && verdict.unavailable_rounds <= 1);
        let steps: u64 = verdict.crankers().iter().map(|cranker| cranker.steps).sum();
        assert_eq!(steps, u64::from(verdict.tipped));
        for (index, ballot) in verdict.ballots().iter().enumerate() {
            assert!((1..=verdict.draws).contains(&ballot.draw));
            assert!(verdict.ballots()[..index].iter().all(|other| other.seat != ballot.seat));
            assert!(verdict.stages().iter().all(|stage| stage.seat != ballot.seat));
        }
        if verdict.require(State::Settled).is_ok() {
            let settled = settlement(verdict, 500).unwrap();
            let credited: u64 = settled.credits.iter().map(|credit| credit.amount).sum();
            let fees = verdict.verification_fee * u64::from(verdict.k) * u64::from(MAX_DRAWS);
            let locked = 1_000 + fees + verdict.tip * u64::from(PAID_CRANK_STEPS);
            assert!(credited + settled.fee <= locked + settled.bounty);
            let lost = if verdict.outcome().slashes_provider() { 500 } else { 0 };
            assert!(settled.bounty <= lost);
        }
    }
}

#[test]
fn every_verdict_ends_by_strangers_alone() {
    let mut dice = Dice(11);
    let mut endings = [0u64; 10];
    for _ in 0..SEQUENCES {
        let mut life = Life::new(&mut dice);
        while life.verdict.stage_count == 0 {
            let _ = life.commit(1 + u16::from(dice.byte(4)), 65_536 * u32::from(dice.byte(2)));
        }
        for _ in 0..dice.below(150) {
            life.slot += if dice.byte(16) == 0 { dice.below(120) } else { 1 };
            let before = *life.verdict;
            // A refusal is as good as any other step: the transaction would have no effect.
            if life.try_anything(&mut dice).is_err() {
                *life.verdict = before;
            }
            life.check();
        }
        let mut cranks = 0;
        while life.verdict.require(State::Settled).is_err() {
            life.crank().unwrap();
            life.check();
            cranks += 1;
            assert!(cranks <= MOST_CRANKS, "{:?}", life.verdict);
        }
        life.end_ballots();
        endings[usize::from(life.verdict.outcome)] += 1;
    }
    // The sequences are long enough to reach every ending often.
    use Outcome::*;
    for outcome in [Accepted, Unavailable, Unverified, Unsampled, Fraud, Unproven, Trap, Withheld] {
        assert!(endings[outcome as usize] > SEQUENCES / 100, "{endings:?}");
    }
}
