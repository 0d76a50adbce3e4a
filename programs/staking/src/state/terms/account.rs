// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;

use super::Parameters;

protocol::codes! {
    /// Values of `Terms.state`.
    pub enum TermsState {
        /// The terms wait for their slot.
        Queued = 0,
        /// New work is posted under these terms.
        Current = 1,
        /// Later terms were applied. Work that was posted under these terms keeps them.
        Superseded = 2,
    }
}

/// One version of the terms, at `["terms", version u16 LE]`.
#[account(zero_copy)]
#[derive(Debug, Default)]
pub struct Terms {
    /// Token account that receives the treasury's share of the fees.
    pub treasury: Pubkey,
    pub parameters: Parameters,
    /// Slots per window, as in the pool. It never changes.
    pub checkpoint_slots: u64,
    pub queued_slot: u64,
    /// First slot in which the terms can be applied.
    pub applies_slot: u64,
    /// Last slot in which the terms can be applied.
    pub lapses_slot: u64,
    pub version: u16,
    pub state: u8,
    pub bump: u8,
    pub padding: [u8; 4],
}

impl Terms {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    pub fn is(&self, state: TermsState) -> bool {
        self.state == state as u8
    }

    /// Returns whether new work may be posted under these terms.
    pub fn is_current(&self) -> bool {
        self.is(TermsState::Current)
    }

    /// Returns whether work that stored `version` was posted under these terms. Queued terms never
    /// were.
    pub fn govern(&self, version: u16) -> bool {
        self.version == version && !self.is(TermsState::Queued)
    }

    /// Returns the number of the window that contains `slot`.
    pub fn window(&self, slot: u64) -> Option<u64> {
        slot.checked_div(self.checkpoint_slots)
    }
}
