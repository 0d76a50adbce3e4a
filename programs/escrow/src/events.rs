use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::state::Deposit;

#[event]
pub struct ConfigInitialized {
    pub envelope: Envelope,
    pub mint: Pubkey,
}

#[event]
pub struct Locked {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub buyer: Pubkey,
    pub deposit: Deposit,
    /// Version of the terms.
    pub terms: u16,
    pub burned: u64,
    pub vault: u64,
}

#[event]
pub struct UnpostedRefunded {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub buyer: Pubkey,
    pub amount: u64,
}

#[event]
pub struct Settled {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub credited: u64,
    pub fee: u64,
    pub finalised: bool,
}

#[event]
pub struct Burned {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub amount: u64,
    pub vault: u64,
}

#[event]
pub struct Refunded {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub tip: u64,
}

#[event]
pub struct CreditPaid {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub party: Pubkey,
    pub amount: u64,
    pub vault: u64,
}

#[event]
pub struct FeeCollected {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub amount: u64,
    pub vault: u64,
    pub fee_vault: u64,
}

#[event]
pub struct Reclaimed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub buyer: Pubkey,
    pub amount: u64,
    pub closed: bool,
}

#[event]
pub struct FeesSwept {
    pub envelope: Envelope,
    pub shard: u8,
    pub stakers: u64,
    pub treasury: u64,
    pub burned: u64,
}
