// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::fixed::bps_ceil;
use staking::state::RegistryParams;

use super::url::Url;
use crate::errors::{Checked, RegistryError};

protocol::codes! {
    /// Values of `Job.state`.
    pub enum JobState {
        /// The job waits for a provider to claim it.
        Posted = 0,
        /// A provider holds the lease.
        Claimed = 1,
        /// The last stage is committed, and the verdict decides.
        Committed = 2,
        /// The verdict ended the job and credited the work.
        Settled = 3,
        /// The buyer ended the job before anybody claimed it.
        Cancelled = 4,
        /// The job ended because nobody claimed it in time.
        Expired = 5,
        /// The verdict ended the job and refused the work.
        Voided = 6,
    }
}

protocol::limits! {
    /// Maximum number of verifiers per draw. Every allowed number is odd.
    pub const MAX_VERIFIERS: u8 = 5;
    /// Maximum number of draws per job. The buyer locks the verification fees of all draws.
    pub const MAX_DRAWS: u8 = 3;
    /// Number of crank steps per job that the buyer locks a tip for.
    pub const PAID_CRANK_STEPS: u8 = 8;
}

/// PDA `["job", buyer, id u64 LE]`. It holds the current lease; earlier leases are found in events.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct Job {
    pub buyer: Pubkey,
    pub graph: Pubkey,
    pub spec_root: [u8; 32],
    pub input_root: [u8; 32],
    /// SHA-256 of the data manifest.
    pub manifest: [u8; 32],
    /// Where the buyer serves the data.
    pub source: Url,
    /// SHA-256 of the buyer's salt.
    pub salt_commitment: [u8; 32],
    /// 32 random bytes, or the hash of a trap.
    pub trap: [u8; 32],
    pub id: u64,
    pub macs: u64,
    /// Maximum price of the work, in base units.
    pub price: u64,
    /// Base units for each ballot that is paid.
    pub verification_fee: u64,
    /// Base units for each paid crank step.
    pub tip: u64,
    /// Premium that goes to the provider, in base units, net of the burned part.
    pub urgency: u64,
    /// Slot in which the job was posted, or reopened after a lease expired.
    pub posted_slot: u64,
    pub claim_deadline: u64,
    pub committed_slot: u64,
    pub concluded_slot: u64,
    pub score_q32: u64,
    pub sequence: u64,
    pub lease: Lease,
    pub operators: u16,
    /// Number of operators committed so far, in order.
    pub progress: u16,
    /// Version of the terms under which the job was posted, and which it keeps.
    pub terms: u16,
    /// Verifiers per draw.
    pub verifiers: u8,
    pub state: u8,
    /// Number of leases that expired.
    pub attempts: u8,
    pub bump: u8,
    pub escrow_bump: u8,
    pub padding: [u8; 5],
}

const _: () = assert!(core::mem::size_of::<Job>() == 528);

/// The current provider's lease; all zero while nobody holds the job.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lease {
    pub provider: Pubkey,
    pub claimed_slot: u64,
    pub expires_slot: u64,
    /// Slot beyond which no checkpoint extends the lease.
    pub cap_slot: u64,
    /// Quote plus urgency premium, in base units.
    pub price: u64,
    pub exposure: u64,
    pub bond: u64,
    /// Multiply-adds committed in this lease.
    pub macs: u64,
    pub attempt: u8,
    /// 1 once a stage was committed in this lease.
    pub has_stage: u8,
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<Lease>() == 96);

/// What happens to a job that nobody claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Refunded,
    /// The verdict judges the stages committed so far.
    Partial,
}

impl Job {
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    pub fn is(&self, state: JobState) -> bool {
        self.state == state as u8
    }

    pub fn has_ended(&self) -> bool {
        [JobState::Settled, JobState::Cancelled, JobState::Expired, JobState::Voided]
            .iter()
            .any(|state| self.is(*state))
    }

    /// Returns whether as many leases have expired as may.
    fn is_exhausted(&self, params: &RegistryParams) -> bool {
        u64::from(self.attempts) >= params.max_attempts
    }

    /// Returns what the buyer offers for the work: the most that its price and premium can pay.
    pub fn offered(&self) -> Option<u64> {
        self.price.checked_add(self.urgency)
    }

    /// Returns the stake that a lease exposes, and its bond. Both follow from the offer alone, so a
    /// claimer that asks next to nothing risks as much as one that asks for everything.
    pub fn collateral(&self, params: &RegistryParams) -> Option<(u64, u64)> {
        let offered = self.offered()?;
        let exposure = offered.checked_mul(params.kappa)?.max(params.min_exposure);
        Some((exposure, bps_ceil(offered, params.bond_bps)?))
    }

    /// Checks that the job can be claimed in `slot`, whoever claims it.
    pub fn require_claimable(&self, slot: u64, params: &RegistryParams) -> Result<()> {
        require!(self.is(JobState::Posted), RegistryError::JobNotPosted);
        require!(!self.is_exhausted(params), RegistryError::AttemptsExhausted);
        require!(slot <= self.claim_deadline, RegistryError::ClaimWindowOver);
        Ok(())
    }

    /// Opens the window for claims after the job was posted or reopened.
    pub fn open_window(&mut self, slot: u64, params: &RegistryParams) -> Result<()> {
        self.posted_slot = slot;
        self.claim_deadline = slot.checked_add(params.claim_window_slots).checked()?;
        self.state = JobState::Posted as u8;
        Ok(())
    }

    pub fn claim(
        &mut self,
        provider: Pubkey,
        price: u64,
        (exposure, bond): (u64, u64),
        slot: u64,
        params: &RegistryParams,
    ) -> Result<()> {
        let expires_slot = slot.checked_add(params.lease_slots).checked()?;
        let longest = self.macs.checked_div(params.min_rate_macs_per_slot).checked()?;
        self.lease = Lease {
            provider,
            claimed_slot: slot,
            expires_slot,
            cap_slot: expires_slot.checked_add(longest).checked()?,
            price,
            exposure,
            bond,
            attempt: self.attempts,
            ..Lease::default()
        };
        self.state = JobState::Claimed as u8;
        Ok(())
    }

    /// Checks that the lease's deadline has passed. Its last slot still belongs to the provider.
    pub fn require_lapsed(&self, slot: u64) -> Result<()> {
        require!(self.is(JobState::Claimed), RegistryError::JobNotClaimed);
        require!(slot > self.lease.expires_slot, RegistryError::LeaseRunning);
        Ok(())
    }

    /// Ends the lease and reopens the job for others.
    pub fn reopen(&mut self, slot: u64, params: &RegistryParams) -> Result<()> {
        self.attempts = self.attempts.checked_add(1).checked()?;
        self.lease = Lease::default();
        self.open_window(slot, params)
    }

    /// Records a committed stage up to operator `last`. Returns true when it was the last stage.
    pub fn record_stage(
        &mut self,
        last: u16,
        stage_macs: u64,
        slot: u64,
        params: &RegistryParams,
    ) -> Result<bool> {
        require!(self.is(JobState::Claimed), RegistryError::JobNotClaimed);
        require!(slot <= self.lease.expires_slot, RegistryError::LeaseExpired);
        require!((1..=self.operators).contains(&last), RegistryError::InvalidStage);
        self.progress = last;
        self.lease.has_stage = 1;
        // a restart from operator 0 commits the same work again, which is counted only once
        self.lease.macs = self.lease.macs.saturating_add(stage_macs).min(self.macs);
        let extended = slot.checked_add(params.lease_slots).checked()?;
        self.lease.expires_slot = extended.min(self.lease.cap_slot);
        let complete = last == self.operators;
        if complete {
            self.commit(slot);
        }
        Ok(complete)
    }

    pub fn cancel(&mut self, slot: u64) -> Result<()> {
        require!(self.is(JobState::Posted), RegistryError::JobNotPosted);
        require!(self.progress == 0, RegistryError::JobHasProgress);
        self.end(JobState::Cancelled, slot);
        Ok(())
    }

    /// Expires a job that nobody claimed in time or that nobody may claim any more.
    pub fn expire(&mut self, slot: u64, params: &RegistryParams) -> Result<Expiry> {
        require!(self.is(JobState::Posted), RegistryError::JobNotPosted);
        require!(
            slot > self.claim_deadline || self.is_exhausted(params),
            RegistryError::ClaimWindowOpen
        );
        if self.progress == 0 {
            self.end(JobState::Expired, slot);
            return Ok(Expiry::Refunded);
        }
        self.commit(slot);
        Ok(Expiry::Partial)
    }

    /// Ends the job with the verdict's outcome: settled or voided.
    pub fn conclude(&mut self, outcome: JobState, slot: u64) -> Result<()> {
        require!(self.is(JobState::Committed), RegistryError::JobNotCommitted);
        self.end(outcome, slot);
        Ok(())
    }

    fn commit(&mut self, slot: u64) {
        self.state = JobState::Committed as u8;
        self.committed_slot = slot;
    }

    fn end(&mut self, state: JobState, slot: u64) {
        self.state = state as u8;
        self.concluded_slot = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn params() -> RegistryParams {
        RegistryParams {
            claim_window_slots: 100,
            lease_slots: 50,
            min_rate_macs_per_slot: 10,
            kappa: 25,
            min_exposure: 400,
            bond_bps: 1_000,
            max_attempts: 2,
            ..RegistryParams::default()
        }
    }

    fn posted() -> Job {
        let mut job = Job { operators: 4, macs: 1_000, ..Job::zeroed() };
        job.open_window(10, &params()).unwrap();
        job
    }

    fn claimed() -> Job {
        let mut job = posted();
        job.claim(Pubkey::new_from_array([7; 32]), 5, (3, 2), 20, &params()).unwrap();
        job
    }

    #[test]
    fn a_claim_window_includes_its_last_slot() {
        let mut job = posted();
        assert!(job.require_claimable(110, &params()).is_ok());
        assert!(job.require_claimable(111, &params()).is_err());
        assert!(job.expire(110, &params()).is_err());
        assert_eq!(job.expire(111, &params()).unwrap(), Expiry::Refunded);
        assert!(job.is(JobState::Expired) && job.has_ended());
    }

    #[test]
    fn checkpoints_extend_a_lease_up_to_its_cap() {
        let mut job = claimed();
        assert_eq!((job.lease.expires_slot, job.lease.cap_slot), (70, 170));
        assert!(!job.record_stage(1, 300, 70, &params()).unwrap());
        assert_eq!((job.progress, job.lease.expires_slot), (1, 120));
        assert!(!job.record_stage(2, 300, 120, &params()).unwrap());
        assert!(!job.record_stage(3, 300, 170, &params()).unwrap());
        assert_eq!(job.lease.expires_slot, 170);
        assert!(job.record_stage(4, 300, 171, &params()).is_err());
        assert!(job.record_stage(4, 300, 170, &params()).unwrap());
        assert_eq!((job.committed_slot, job.lease.macs), (170, 1_000));
        job.conclude(JobState::Settled, 171).unwrap();
        assert!(job.conclude(JobState::Voided, 171).is_err());
    }

    #[test]
    fn a_lease_exposes_what_the_offer_says() {
        let with = |price, urgency| Job { price, urgency, ..Job::zeroed() }.collateral(&params());
        assert_eq!(with(90, 10), Some((2_500, 10)));
        assert_eq!(with(9, 0), Some((400, 1)));
        assert_eq!(with(u64::MAX, 1), None);
        assert_eq!(with(u64::MAX, 0), None);
    }

    #[test]
    fn a_stage_ends_within_the_graph() {
        let mut job = claimed();
        assert!(job.record_stage(0, 1, 21, &params()).is_err());
        assert!(job.record_stage(5, 1, 21, &params()).is_err());
    }

    #[test]
    fn an_expired_lease_reopens_until_attempts_run_out() {
        let mut job = claimed();
        assert!(job.require_lapsed(70).is_err());
        job.require_lapsed(71).unwrap();
        job.reopen(71, &params()).unwrap();
        assert_eq!((job.posted_slot, job.claim_deadline, job.lease), (71, 171, Lease::default()));
        assert!(job.require_claimable(72, &params()).is_ok());
        job.claim(Pubkey::new_from_array([8; 32]), 5, (3, 2), 72, &params()).unwrap();
        job.record_stage(1, 9, 73, &params()).unwrap();
        job.reopen(200, &params()).unwrap();
        assert!(job.require_claimable(201, &params()).is_err());
        assert!(job.cancel(201).is_err());
        assert_eq!(job.expire(201, &params()).unwrap(), Expiry::Partial);
        assert!(job.is(JobState::Committed));
    }
}
