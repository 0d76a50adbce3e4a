use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::state::Parameters;

#[event]
pub struct PoolInitialized {
    pub envelope: Envelope,
    pub authority: Pubkey,
    pub mint: Pubkey,
    pub treasury: Pubkey,
    pub checkpoint_slots: u64,
    pub parameters: Parameters,
}

#[event]
pub struct TermsQueued {
    pub envelope: Envelope,
    pub version: u16,
    /// First and last slot in which the terms can be applied.
    pub applies_slot: u64,
    pub lapses_slot: u64,
    pub treasury: Pubkey,
    pub parameters: Parameters,
}

#[event]
pub struct TermsApplied {
    pub envelope: Envelope,
    pub version: u16,
    pub emission_owed: u64,
}

#[event]
pub struct TermsCancelled {
    pub envelope: Envelope,
    pub version: u16,
}

#[event]
pub struct AuthorityQueued {
    pub envelope: Envelope,
    pub authority: Pubkey,
    pub applies_slot: u64,
}

#[event]
pub struct AuthoritySet {
    pub envelope: Envelope,
    pub authority: Pubkey,
}

#[event]
pub struct OperatorSet {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub operator: Pubkey,
    pub budget: u64,
    /// Stake that operators have exposed, in base units.
    pub exposed: u64,
}

#[event]
pub struct PositionOpened {
    pub envelope: Envelope,
    pub owner: Pubkey,
}

#[event]
pub struct Staked {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub amount: u64,
    pub staked: u64,
    pub total_staked: u64,
}

#[event]
pub struct UnstakeRequested {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub ticket: u64,
    pub amount: u64,
    pub available_slot: u64,
    pub staked: u64,
    pub unbonding: u64,
    pub total_staked: u64,
}

#[event]
pub struct Withdrawn {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub ticket: u64,
    pub amount: u64,
    pub unbonding: u64,
}

#[event]
pub struct RewardsClaimed {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub amount: u64,
    pub reward_vault: u64,
}

#[event]
pub struct RewardsFunded {
    pub envelope: Envelope,
    pub funder: Pubkey,
    pub amount: u64,
    pub reward_rate: u128,
    pub period_end: u64,
    pub reward_vault: u64,
}

#[event]
pub struct EmissionFunded {
    pub envelope: Envelope,
    pub funder: Pubkey,
    pub amount: u64,
    pub emission_vault: u64,
}

#[event]
pub struct RewardsEmitted {
    pub envelope: Envelope,
    pub amount: u64,
    /// Emission that is due but that the vault could not pay, in base units.
    pub owed: u64,
    pub reward_rate: u128,
    pub period_end: u64,
    pub reward_vault: u64,
    pub emission_vault: u64,
}

#[event]
pub struct ExposureLocked {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub owner: Pubkey,
    pub amount: u64,
    pub bond: u64,
    pub exposed: u64,
    /// Whether collateral was exposed, for a ballot.
    pub ballot: bool,
    pub by_operator: bool,
}

#[event]
pub struct ExposureUnlocked {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub owner: Pubkey,
    /// Stake that is free again, in base units; 0 when a released exposure is closed.
    pub amount: u64,
    pub exposed: u64,
    pub closed: bool,
}

#[event]
pub struct BondForfeited {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub owner: Pubkey,
    pub destination: Pubkey,
    pub amount: u64,
    pub staked: u64,
    pub exposed: u64,
    pub total_staked: u64,
}

#[event]
pub struct Slashed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub owner: Pubkey,
    pub destination: Pubkey,
    pub amount: u64,
    pub burned: u64,
    pub staked: u64,
    pub exposed: u64,
    pub total_staked: u64,
    /// The owner's catch rate after the instruction, Q16.
    pub catch_rate: u32,
}

#[event]
pub struct Fined {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub destination: Pubkey,
    pub amount: u64,
    pub staked: u64,
    pub collateral: u64,
    pub total_staked: u64,
}

#[event]
pub struct CatchRecorded {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub owner: Pubkey,
    /// The owner's catch rate after the instruction, Q16.
    pub catch_rate: u32,
    /// Weight of the owner's seat, 0 without a seat.
    pub weight: u64,
}

#[event]
pub struct SeatTaken {
    /// Its sequence number, like that of every event of a seat, counts the events of the verifier
    /// tree.
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
    pub collateral: u64,
    pub weight: u64,
    pub total_weight: u64,
}

#[event]
pub struct CollateralAdded {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
    pub amount: u64,
    pub collateral: u64,
    pub weight: u64,
    pub total_weight: u64,
}

#[event]
pub struct SeatBid {
    pub envelope: Envelope,
    pub seat: u16,
    pub holder: Pubkey,
    pub heir: Pubkey,
    pub collateral: u64,
    pub weight: u64,
}

#[event]
pub struct SeatVacated {
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
    pub total_weight: u64,
}

#[event]
pub struct SeatClosed {
    /// Its sequence number counts the events of the position.
    pub envelope: Envelope,
    pub owner: Pubkey,
    pub seat: u16,
    /// Collateral that is free again, in base units.
    pub freed: u64,
}

#[event]
pub struct SnapshotRecorded {
    /// Its sequence number counts the events of the verifier tree.
    pub envelope: Envelope,
    pub epoch: u64,
    pub total_weight: u64,
}
