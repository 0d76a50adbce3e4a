//! Every job can be ended by strangers alone, whatever its parties did before. A committed job waits
//! for its verdict, which strangers end as well.

use anchor_lang::prelude::*;
use bytemuck::Zeroable;
use staking::state::RegistryParams;

use super::{Expiry, Job, JobState};
use crate::errors::RegistryError;

const SEQUENCES: u64 = 10_000;
const OPERATORS: u16 = 4;
/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn params() -> RegistryParams {
    RegistryParams {
        claim_window_slots: 100,
        lease_slots: 50,
        min_rate_macs_per_slot: 10,
        kappa: 25,
        min_exposure: 400,
        bond_bps: 1_000,
        max_attempts: 3,
        ..RegistryParams::default()
    }
}

fn claim(job: &mut Job, slot: u64, params: &RegistryParams) -> Result<()> {
    job.require_claimable(slot, params)?;
    let collateral = job.collateral(params).unwrap();
    job.claim(Pubkey::new_from_array([7; 32]), 5, collateral, slot, params)
}

fn lapse(job: &mut Job, slot: u64, params: &RegistryParams) -> Result<()> {
    job.require_lapsed(slot)?;
    job.reopen(slot, params)
}

/// Tries one step of some party. A refusal is as good as any other step: the transaction would have
/// no effect, so the job is restored.
fn try_anything(job: &mut Job, slot: u64, params: &RegistryParams, dice: &mut Dice) {
    let before = *job;
    let tried = match dice.below(12) {
        0..=3 => claim(job, slot, params),
        4..=7 => {
            let first = if dice.below(4) == 0 { 0 } else { job.progress };
            let last = first + 1 + dice.below(3) as u16;
            job.record_stage(last, 250, slot, params).map(|_| ())
        }
        8 if dice.below(4) == 0 => job.cancel(slot),
        8 | 9 => lapse(job, slot, params),
        10 => job.expire(slot, params).map(|_| ()),
        _ if dice.below(8) == 0 => job.conclude(JobState::Settled, slot),
        _ => Err(RegistryError::JobNotCommitted.into()),
    };
    if tried.is_err() {
        *job = before;
    }
}

/// Takes the step that a stranger can take once every deadline has passed.
fn crank(job: &mut Job, slot: &mut u64, params: &RegistryParams) -> Result<()> {
    *slot = (*slot).max(job.claim_deadline.max(job.lease.expires_slot) + 1);
    if job.is(JobState::Posted) {
        let expiry = job.expire(*slot, params)?;
        assert_eq!(expiry == Expiry::Partial, job.progress > 0);
        return Ok(());
    }
    if job.is(JobState::Claimed) {
        return lapse(job, *slot, params);
    }
    job.conclude(JobState::Voided, *slot)
}

fn check(job: &Job, params: &RegistryParams) {
    assert!(u64::from(job.attempts) <= params.max_attempts);
    assert!(job.progress <= job.operators);
    assert!(job.lease.expires_slot <= job.lease.cap_slot);
    assert!(
        job.is(JobState::Claimed) || job.lease.provider == Pubkey::default() || job.progress > 0
    );
    if job.is(JobState::Committed) {
        assert!(job.progress > 0);
    }
    if job.is(JobState::Cancelled) || job.is(JobState::Expired) {
        assert_eq!(job.progress, 0);
    }
}

#[test]
fn every_job_ends_by_strangers_alone() {
    let (mut dice, params) = (Dice(3), params());
    let mut endings = [0u64; 8];
    for _ in 0..SEQUENCES {
        let mut job = Job { operators: OPERATORS, macs: 1_000, price: 40, ..Job::zeroed() };
        let mut slot = 10;
        job.open_window(slot, &params).unwrap();
        for _ in 0..dice.below(60) {
            slot += if dice.below(8) == 0 { dice.below(120) } else { 1 };
            let ended = job.has_ended().then_some(job.state);
            try_anything(&mut job, slot, &params, &mut dice);
            assert!(ended.is_none_or(|state| job.state == state), "an ended job came back");
            check(&job, &params);
        }
        let mut cranks = 0;
        while !job.has_ended() {
            crank(&mut job, &mut slot, &params).unwrap();
            check(&job, &params);
            cranks += 1;
            // a lease lapses, nobody claims again, and the verdict of what was committed ends
            assert!(cranks <= 3, "{job:?}");
        }
        endings[usize::from(job.state)] += 1;
    }
    for state in [JobState::Settled, JobState::Cancelled, JobState::Expired, JobState::Voided] {
        assert!(endings[state as usize] > SEQUENCES / 50, "{endings:?}");
    }
}
