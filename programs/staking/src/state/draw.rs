// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::fenwick::{self, SEATS};

protocol::limits! {
    /// Value of `Seat.vacated_epoch` while the seat is held.
    pub const HELD: u64 = u64::MAX;
    /// Value of `Snapshot.epoch` of a snapshot that was never taken.
    pub const NEVER: u64 = u64::MAX;
    /// Epochs that a vacated seat stays reserved: the two whose snapshots may still show it.
    pub const VACATED_EPOCHS: u64 = 2;
}

/// Current weights of all seats, at `["verifiers"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct VerifierTree {
    pub total: u64,
    pub sequence: u64,
    pub bump: u8,
    pub padding: [u8; 7],
    /// Fenwick tree, as `protocol::fenwick` lays it out.
    pub sums: [u64; SEATS],
}

impl VerifierTree {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    pub fn set(&mut self, seat: u16, weight: u64) -> Option<()> {
        let before = fenwick::set(&mut self.sums, seat, weight)?;
        self.total = self.total.checked_sub(before)?.checked_add(weight)?;
        Some(())
    }
}

/// Weights of all seats when an epoch's snapshot was taken, at `["snapshot", parity]`. Verdict
/// draws only from snapshots, so a draw writes no account that others need.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Snapshot {
    pub epoch: u64,
    pub taken_slot: u64,
    pub total: u64,
    pub parity: u8,
    pub bump: u8,
    pub padding: [u8; 6],
    /// Fenwick tree, as `protocol::fenwick` lays it out.
    pub sums: [u64; SEATS],
}

impl Snapshot {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();
}

/// A place in the draw, at `["seat", index]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Seat {
    pub owner: Pubkey,
    pub taken_epoch: u64,
    /// [`HELD`] while the seat is held.
    pub vacated_epoch: u64,
    pub index: u16,
    pub bump: u8,
}

impl Seat {
    pub fn is_held(&self) -> bool {
        self.vacated_epoch == HELD
    }

    /// Returns whether the seat may go to somebody else in `epoch`.
    pub fn closable(&self, epoch: u64) -> bool {
        self.vacated_epoch
            .checked_add(VACATED_EPOCHS)
            .is_some_and(|closable_epoch| epoch >= closable_epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(std::mem::size_of::<VerifierTree>(), 24 + 8 * SEATS);
        assert_eq!(std::mem::size_of::<Snapshot>(), 32 + 8 * SEATS);
        assert_eq!(Seat::INIT_SPACE, 51);
    }
}
