//! Every event starts with an envelope and reports the state after the instruction.

use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::state::Tolerance;

#[event]
pub struct BuyerOpened {
    pub envelope: Envelope,
    pub owner: Pubkey,
}

#[event]
pub struct TaskPosted {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub buyer: Pubkey,
    pub id: u64,
    pub kernel: [u8; 32],
    pub output_bytes: u64,
    pub element: u8,
    pub tolerance: Tolerance,
    pub k: u8,
    pub n: u8,
    pub max_runs: u8,
    pub price: u64,
    pub tip: u64,
    pub deadline: u64,
    /// Version of the terms that the task keeps.
    pub terms: u16,
}

#[event]
pub struct TaskJoined {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub run: u8,
    pub provider: Pubkey,
    /// Stake locked beside the bond, in base units.
    pub exposed: u64,
    pub bond: u64,
    /// A code of `State`: Running when this was the last run wanted, otherwise Joining.
    pub state: u8,
    pub deadline: u64,
}

/// Joining ended: the task is running, cancelled or undecided.
#[event]
pub struct JoiningClosed {
    pub envelope: Envelope,
    pub task: Pubkey,
    /// Number of runs that stay.
    pub joined: u8,
    /// Provider that joined last and was freed, because an even number of runs cannot decide.
    pub freed: Option<Pubkey>,
    pub k: u8,
    pub n: u8,
    pub state: u8,
    pub deadline: u64,
    /// Tips credited when the task ends here, in base units.
    pub credited: u64,
    /// Part of the buyer's money that was burned when the task ends here, in base units.
    pub burned: u64,
}

#[event]
pub struct RunCommitted {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub run: u8,
    pub provider: Pubkey,
    pub state: u8,
    pub deadline: u64,
}

#[event]
pub struct RunRevealed {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub run: u8,
    pub provider: Pubkey,
    pub root: [u8; 32],
    pub state: u8,
    pub deadline: u64,
}

#[event]
pub struct RunExpired {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub run: u8,
    pub provider: Pubkey,
    /// Stake that went to the fee vault, in base units.
    pub bond: u64,
    pub state: u8,
    pub deadline: u64,
}

#[event]
pub struct RunCompared {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub run: u8,
    pub provider: Pubkey,
    pub agrees: u8,
    pub state: u8,
}

/// A task was settled, extended (providers may join again) or left undecided.
#[event]
pub struct TaskDecided {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub state: u8,
    /// Bit i tells whether run i is paid.
    pub paid: u8,
    pub k: u8,
    pub n: u8,
    pub round: u8,
    pub deadline: u64,
    pub credited: u64,
    pub fee: u64,
    /// Part of the buyer's money that was burned because no runs agreed, in base units.
    pub burned: u64,
}

#[event]
pub struct BondReleased {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub run: u8,
    pub provider: Pubkey,
}

#[event]
pub struct TaskClosed {
    pub envelope: Envelope,
    pub task: Pubkey,
    pub buyer: Pubkey,
    pub id: u64,
}
