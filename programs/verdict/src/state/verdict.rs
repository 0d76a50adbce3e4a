use anchor_lang::{prelude::*, Discriminator};
use job_registry::state::{MAX_DRAWS, MAX_VERIFIERS, PAID_CRANK_STEPS};
use protocol::Envelope;

use super::{Availability, Ballot, Choice, Fraud, Stage, MAX_STAGES};
use crate::errors::{Checked, VerdictError};

protocol::limits! {
    /// Maximum number of ballots of a verdict, over all draws.
    pub const MAX_BALLOTS: usize = (MAX_DRAWS as usize).saturating_mul(MAX_VERIFIERS as usize);
    /// Maximum number of crankers of a verdict: one per step that the buyer locked a tip for.
    pub const MAX_CRANKERS: usize = PAID_CRANK_STEPS as usize;
}

protocol::codes! {
    /// Values of `Verdict.state`.
    pub enum State {
        /// The provider commits stage by stage.
        Committing = 0,
        /// A draw is due.
        Committed = 1,
        /// The drawn verifiers cast ballots, then reveal them.
        Balloting = 2,
        /// A majority rejects, and somebody must prove it.
        Disputed = 3,
        /// The outcome is known. A paid one waits for its window to end.
        Decided = 4,
        /// All parties were credited.
        Settled = 5,
        /// A majority cannot get the data, and a provider must show it.
        Answering = 6,
    }

    /// Values of `Verdict.outcome`. Code 2 is not used.
    pub enum Outcome {
        /// Not decided yet.
        None = 0,
        /// A majority accepts.
        Accepted = 1,
        /// A majority could not get the data, even after its providers were asked for it.
        Unavailable = 3,
        /// No draw reached a quorum.
        Unverified = 4,
        /// The beacon spared the job a verification.
        Unsampled = 5,
        /// The referee found a committed element wrong.
        Fraud = 6,
        /// A majority rejected, but nobody proved it.
        Unproven = 7,
        /// The element that was proven wrong had been ordered by the buyer.
        Trap = 8,
        /// A provider did not answer a question about its data.
        Withheld = 9,
    }
}

impl Outcome {
    pub fn pays_provider(self) -> bool {
        matches!(self, Self::Accepted | Self::Unverified | Self::Unsampled | Self::Unproven)
    }

    pub fn voids(self) -> bool {
        self == Self::Unavailable || self.convicts()
    }

    /// Returns whether the referee found a committed element wrong.
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Fraud | Self::Trap)
    }

    /// Returns whether one stage is to blame: by a proof, or by a missed deadline that anyone can
    /// see.
    pub fn convicts(self) -> bool {
        self.is_proven() || self == Self::Withheld
    }

    pub fn slashes_provider(self) -> bool {
        matches!(self, Self::Fraud | Self::Withheld)
    }

    /// Returns whether a revealed ballot of this choice earns the verification fee.
    pub fn pays_ballot(self, choice: u8) -> bool {
        match self {
            Self::Accepted | Self::Unproven => choice == Choice::Accept as u8,
            Self::Fraud | Self::Trap => choice == Choice::Reject as u8,
            Self::Unavailable | Self::Withheld => choice == Choice::Unavailable as u8,
            Self::Unverified => true,
            Self::None | Self::Unsampled => false,
        }
    }
}

#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cranker {
    pub party: Pubkey,
    /// Number of paid steps that this party took; each earns one tip.
    pub steps: u64,
}

/// PDA `["verdict", job]`: what was committed for a job and how it was judged.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Verdict {
    pub job: Pubkey,
    pub graph: Pubkey,
    pub buyer: Pubkey,
    /// Party that paid this account's rent and gets it back.
    pub payer: Pubkey,
    pub salt_commitment: [u8; 32],
    /// The buyer's salt; zero until a draw reveals it.
    pub salt: [u8; 32],
    /// Seed of the latest draw.
    pub seed: [u8; 32],
    /// Slot from which the next draw's delay counts.
    pub committed_slot: u64,
    pub ballot_deadline: u64,
    pub reveal_deadline: u64,
    pub window_end: u64,
    /// Epoch of the snapshot that each draw used. Whoever held the seat then answers for it.
    pub snapshot_epochs: [u64; MAX_DRAWS as usize],
    /// Base units for each paid ballot.
    pub verification_fee: u64,
    /// Base units for each paid crank step.
    pub tip: u64,
    /// Multiply-adds of the whole graph.
    pub macs: u64,
    pub sequence: u64,
    pub operators: u16,
    /// Version of the terms under which the job was posted.
    pub terms: u16,
    pub state: u8,
    pub outcome: u8,
    /// Proof kind: 0 is a trace commitment.
    pub kind: u8,
    /// Verifiers per draw.
    pub k: u8,
    /// Number of draws made, one that spared the job included.
    pub draws: u8,
    pub unavailable_rounds: u8,
    pub stage_count: u8,
    pub ballot_count: u8,
    pub cranker_count: u8,
    pub salt_known: u8,
    pub bump: u8,
    /// Number of crank steps that earned a tip.
    pub tipped: u8,
    pub stages: [Stage; MAX_STAGES],
    pub ballots: [Ballot; MAX_BALLOTS],
    pub crankers: [Cranker; MAX_CRANKERS],
    pub fraud: Fraud,
    pub availability: Availability,
    pub reserved: [u8; 128],
}

impl Verdict {
    pub const SPACE: usize = Self::DISCRIMINATOR.len() + std::mem::size_of::<Self>();

    pub fn require(&self, state: State) -> Result<()> {
        require!(self.state == state as u8, VerdictError::WrongState);
        Ok(())
    }

    pub fn outcome(&self) -> Outcome {
        Outcome::from_code(self.outcome).unwrap_or(Outcome::None)
    }

    pub fn stages(&self) -> &[Stage] {
        self.stages.get(..usize::from(self.stage_count)).unwrap_or(&[])
    }

    pub fn ballots(&self) -> &[Ballot] {
        self.ballots.get(..usize::from(self.ballot_count)).unwrap_or(&[])
    }

    pub fn crankers(&self) -> &[Cranker] {
        self.crankers.get(..usize::from(self.cranker_count)).unwrap_or(&[])
    }

    pub fn ballot_mut(&mut self, index: u8) -> Result<&mut Ballot> {
        require!(index < self.ballot_count, VerdictError::NoSuchBallot);
        Ok(self.ballots.get_mut(usize::from(index)).ok_or(VerdictError::NoSuchBallot)?)
    }

    pub fn is_party(&self, key: &Pubkey) -> bool {
        *key == self.buyer || self.is_provider(key)
    }

    pub fn is_provider(&self, key: &Pubkey) -> bool {
        self.stages().iter().any(|stage| stage.provider == *key)
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

    /// Returns the epoch of the snapshot from which a ballot was drawn.
    pub fn epoch_of(&self, ballot: &Ballot) -> Option<u64> {
        self.snapshot_epochs.get(usize::from(ballot.draw.checked_sub(1)?)).copied()
    }

    /// Ends judgement with `outcome`. Payment must wait for `window` slots.
    pub fn decide(&mut self, outcome: Outcome, slot: u64, window: u64) -> Result<()> {
        self.window_end = slot.checked_add(window).checked()?;
        self.outcome = outcome as u8;
        self.state = State::Decided as u8;
        Ok(())
    }

    /// Checks that the providers can be paid. A rejection that nobody proved within its window pays
    /// as well.
    pub fn require_payable(&self, slot: u64) -> Result<()> {
        if self.require(State::Disputed).is_err() {
            self.require(State::Decided)?;
            require!(self.outcome().pays_provider(), VerdictError::NotPayable);
        }
        require!(slot > self.window_end, VerdictError::WindowOpen);
        Ok(())
    }

    pub fn require_voidable(&self) -> Result<()> {
        self.require(State::Decided)?;
        require!(self.outcome().voids(), VerdictError::NotVoidable);
        let slashed = !self.outcome().slashes_provider() || self.fraud.slashed == 1;
        require!(slashed, VerdictError::ProviderUnslashed);
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use staking::state::VerdictParams;

    pub fn params() -> VerdictParams {
        VerdictParams {
            salt_slots: 64,
            ballot_slots: 150,
            reveal_slots: 150,
            challenge_slots: 20,
            public_slots: 60,
            proof_slots: 100,
            answer_slots: 80,
            ballot_exposure: 1_000,
            trap_rate_bps: 100,
            check_cost: 4,
            trap_slots: 20,
            silence_fee: 1,
            p_floor_bps: 1_000,
            collusion_bps: 2_500,
            bounty_bps: 5_000,
            ..VerdictParams::default()
        }
    }

    pub fn verdict() -> Box<Verdict> {
        Box::new(bytemuck::Zeroable::zeroed())
    }

    #[test]
    fn layout_is_frozen_and_without_padding() {
        assert_eq!(std::mem::size_of::<Stage>(), 104);
        assert_eq!(std::mem::size_of::<Ballot>(), 80);
        assert_eq!(std::mem::size_of::<Cranker>(), 40);
        assert_eq!(std::mem::size_of::<Fraud>(), 56);
        assert_eq!(std::mem::size_of::<Availability>(), 56);
        assert_eq!(std::mem::size_of::<Verdict>(), 2_920);
    }

    #[test]
    fn a_cranker_is_listed_once() {
        let mut verdict = verdict();
        for party in [1, 2, 1, 3, 1] {
            verdict.record_crank(Pubkey::new_from_array([party; 32])).unwrap();
        }
        let steps: Vec<_> = verdict.crankers().iter().map(|cranker| cranker.steps).collect();
        assert_eq!(steps, [3, 1, 1]);
    }

    #[test]
    fn steps_beyond_the_tips_are_taken_for_nothing() {
        let mut verdict = verdict();
        for party in 0..9 {
            verdict.record_crank(Pubkey::new_from_array([party; 32])).unwrap();
        }
        verdict.record_crank(Pubkey::new_from_array([7; 32])).unwrap();
        assert_eq!((verdict.tipped, verdict.crankers().len()), (8, 8));
        assert!(verdict.crankers().iter().all(|cranker| cranker.steps == 1));
    }

    #[test]
    fn payment_waits_for_the_slot_after_the_window() {
        let mut verdict = verdict();
        assert!(verdict.require_payable(1_000).is_err());
        verdict.decide(Outcome::Accepted, 100, 20).unwrap();
        assert_eq!(verdict.require_payable(120), Err(VerdictError::WindowOpen.into()));
        assert!(verdict.require_payable(121).is_ok());
        assert_eq!(verdict.require_voidable(), Err(VerdictError::NotVoidable.into()));
    }

    #[test]
    fn missing_data_never_pays() {
        let mut verdict = verdict();
        verdict.decide(Outcome::Unavailable, 100, 0).unwrap();
        assert_eq!(verdict.require_payable(1_000), Err(VerdictError::NotPayable.into()));
        assert!(verdict.require_voidable().is_ok());
    }

    #[test]
    fn a_dispute_pays_when_its_time_is_over() {
        let mut verdict = verdict();
        (verdict.state, verdict.window_end) = (State::Disputed as u8, 10);
        assert_eq!(verdict.require_payable(10), Err(VerdictError::WindowOpen.into()));
        assert!(verdict.require_payable(11).is_ok());
        assert_eq!(verdict.require_voidable(), Err(VerdictError::WrongState.into()));
    }

    #[test]
    fn what_slashes_a_provider_is_voided_after_it() {
        for outcome in [Outcome::Fraud, Outcome::Withheld] {
            let mut verdict = verdict();
            verdict.decide(outcome, 100, 0).unwrap();
            assert_eq!(verdict.require_voidable(), Err(VerdictError::ProviderUnslashed.into()));
            verdict.fraud.slashed = 1;
            assert!(verdict.require_voidable().is_ok());
            assert_eq!(verdict.require_payable(1_000), Err(VerdictError::NotPayable.into()));
        }
    }

    #[test]
    fn outcome_codes_are_read_back() {
        for outcome in [
            Outcome::None,
            Outcome::Accepted,
            Outcome::Unavailable,
            Outcome::Unverified,
            Outcome::Unsampled,
            Outcome::Fraud,
            Outcome::Unproven,
            Outcome::Trap,
            Outcome::Withheld,
        ] {
            assert_eq!(Outcome::from_code(outcome as u8), Some(outcome));
        }
    }
}
