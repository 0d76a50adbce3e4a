//! Every event starts with an envelope and reports the state after the instruction.

use anchor_lang::prelude::*;
use protocol::envelope::Envelope;

use crate::{
    errors::Checked,
    state::{Capability, Job, Provider, Url},
};

/// Returns an envelope with the next sequence number of the account that the event is about.
pub fn envelope(sequence: &mut u64, clock: &Clock) -> Result<Envelope> {
    Envelope::next(sequence, clock).checked()
}

#[event]
pub struct MarketRolled {
    pub envelope: Envelope,
    pub epoch: u64,
    pub settled_macs: u64,
    pub capacity: u64,
    pub demand_q32: u64,
}

#[event]
pub struct ProviderRegistered {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub capability: Capability,
}

#[event]
pub struct ProviderUpdated {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub capability: Capability,
    pub draining: bool,
}

#[event]
pub struct AvailabilitySet {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub endpoint: Url,
    pub draining: bool,
}

#[event]
pub struct ProviderDeregistered {
    pub envelope: Envelope,
    pub owner: Pubkey,
}

/// A job changed a provider's record.
#[event]
pub struct ProviderRated {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub job: Pubkey,
    /// Reputation at `rated_slot`, Q16.
    pub reputation: u32,
    pub rated_slot: u64,
    pub measured_rate: u64,
    pub completed: u32,
    pub failed: u32,
    pub active: u16,
}

impl ProviderRated {
    pub fn of(provider: &mut Provider, job: Pubkey, clock: &Clock) -> Result<Self> {
        Ok(Self {
            envelope: envelope(&mut provider.sequence, clock)?,
            owner: provider.owner,
            job,
            reputation: provider.reputation,
            rated_slot: provider.rated_slot,
            measured_rate: provider.measured_rate,
            completed: provider.completed,
            failed: provider.failed,
            active: provider.active,
        })
    }
}

#[event]
pub struct VerifierRegistered {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
    pub endpoint: [u8; 96],
    pub memory_bytes: u64,
}

#[event]
pub struct VerifierUpdated {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
    pub endpoint: [u8; 96],
    pub memory_bytes: u64,
}

#[event]
pub struct VerifierDeregistered {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
}

#[event]
pub struct GraphOpened {
    pub envelope: Envelope,
    pub graph: Pubkey,
    pub author: Pubkey,
    pub spec_root: [u8; 32],
    pub operators: u16,
}

#[event]
pub struct OperatorsAppended {
    pub envelope: Envelope,
    pub graph: Pubkey,
    pub appended: u16,
    pub macs: u64,
    pub sealed: bool,
}

#[event]
pub struct GraphAbandoned {
    pub envelope: Envelope,
    pub graph: Pubkey,
}

#[event]
pub struct BuyerOpened {
    pub envelope: Envelope,
    pub owner: Pubkey,
}

#[event]
pub struct JobPosted {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub buyer: Pubkey,
    pub id: u64,
    pub graph: Pubkey,
    pub macs: u64,
    pub price: u64,
    pub verification_fee: u64,
    pub tip: u64,
    pub urgency: u64,
    pub claim_deadline: u64,
    pub score_q32: u64,
    /// Version of the terms that the job keeps.
    pub terms: u16,
}

#[event]
pub struct JobClaimed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub provider: Pubkey,
    pub attempt: u8,
    pub price: u64,
    pub exposure: u64,
    pub bond: u64,
    pub expires_slot: u64,
    pub cap_slot: u64,
    /// Number of jobs that the provider now holds.
    pub active: u16,
}

#[event]
pub struct StageRecorded {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub provider: Pubkey,
    pub progress: u16,
    pub expires_slot: u64,
    pub state: u8,
}

#[event]
pub struct LeaseExpired {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub provider: Pubkey,
    pub attempts: u8,
    /// Stake that went to the fee vault, in base units.
    pub bond: u64,
    /// Stake that stays exposed for the committed stages, in base units.
    pub exposed: u64,
    pub claim_deadline: u64,
}

/// A job was cancelled, expired, settled or voided, or its committed part went to the verdict.
#[event]
pub struct JobEnded {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub state: u8,
    pub progress: u16,
}

impl JobEnded {
    pub fn of(job: &mut Job, key: Pubkey, clock: &Clock) -> Result<Self> {
        Ok(Self {
            envelope: envelope(&mut job.sequence, clock)?,
            job: key,
            state: job.state,
            progress: job.progress,
        })
    }
}

#[event]
pub struct JobClosed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub buyer: Pubkey,
    pub id: u64,
}
