// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{
    fenwick::{self, SEATS},
    Envelope,
};

use super::{Position, Tenure};
use crate::{errors::StakingError, events::SeatVacated};

protocol::limits! {
    /// Value of `Seat.vacated_epoch` while the seat is held.
    pub const HELD: u64 = u64::MAX;
    /// Value of `Snapshot.epoch` of a snapshot that was never taken.
    pub const NEVER: u64 = u64::MAX;
    /// Epochs that a vacated seat stays reserved: the two whose snapshots may still show it.
    pub const VACATED_EPOCHS: u64 = 2;
    /// A bid must exceed the weight that it displaces by this part: a quarter.
    pub const OUTBID_PART: u64 = 4;
}

/// Current weights of all seats, at `["verifiers"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct VerifierTree {
    pub total: u64,
    pub sequence: u64,
    /// Number of seats that exist, vacated ones included.
    pub seats: u16,
    pub bump: u8,
    pub padding: [u8; 5],
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

    /// Returns whether every seat exists, so that a newcomer can only displace somebody.
    pub fn is_full(&self) -> bool {
        usize::from(self.seats) >= SEATS
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
    /// Owner whose bid displaced the holder, and which holds the seat once it is closed. Zero
    /// without a bid.
    pub heir: Pubkey,
    /// Lamports that the heir paid in: the holder gets them when the seat is handed over.
    pub heir_rent: u64,
    /// Weight that a further bid must exceed by a quarter, while the seat is vacated.
    pub bid_weight: u64,
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

    pub fn has_heir(&self) -> bool {
        self.heir != Pubkey::default()
    }

    /// Returns whether the seat may go to somebody else in `epoch`.
    pub fn closable(&self, epoch: u64) -> bool {
        self.vacated_epoch
            .checked_add(VACATED_EPOCHS)
            .is_some_and(|closable_epoch| epoch >= closable_epoch)
    }

    /// Returns whether the holder may cast ballots of a draw from the snapshot of `epoch`. Its
    /// collateral stays bound until no snapshot contains the seat.
    pub fn may_cast(&self, epoch: u64) -> bool {
        self.taken_epoch <= epoch && (self.is_held() || epoch <= self.vacated_epoch)
    }

    /// Vacates the seat of `holder`: it has no weight from now on. Returns the event to emit.
    pub fn vacate(
        &mut self,
        holder: &mut Position,
        tree: &mut VerifierTree,
        epoch: u64,
        clock: &Clock,
    ) -> Result<SeatVacated> {
        holder.tenure = Tenure::Vacated as u8;
        self.vacated_epoch = epoch;
        tree.set(self.index, 0).ok_or(StakingError::Overflow)?;
        Ok(SeatVacated {
            envelope: Envelope::next(&mut tree.sequence, clock).ok_or(StakingError::Overflow)?,
            owner: holder.owner,
            seat: self.index,
            total_weight: tree.total,
        })
    }

    /// Checks that `weight` exceeds `standing`, the weight of the holder or of the latest bid, by a
    /// quarter.
    pub fn require_outbids(weight: u64, standing: u64) -> Result<()> {
        let least = standing.checked_add(standing.div_ceil(OUTBID_PART));
        let outbids = least.is_some_and(|least| weight >= least) && weight > 0;
        require!(outbids, StakingError::BidTooLow);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(std::mem::size_of::<VerifierTree>(), 24 + 8 * SEATS);
        assert_eq!(std::mem::size_of::<Snapshot>(), 32 + 8 * SEATS);
        assert_eq!(Seat::INIT_SPACE, 99);
    }

    #[test]
    fn a_bid_is_a_quarter_higher() {
        assert!(Seat::require_outbids(125, 100).is_ok());
        assert!(Seat::require_outbids(124, 100).is_err());
        assert!(Seat::require_outbids(4, 3).is_ok());
        assert!(Seat::require_outbids(1, 0).is_ok());
        assert!(Seat::require_outbids(0, 0).is_err());
        assert!(Seat::require_outbids(u64::MAX, u64::MAX).is_err());
    }

    #[test]
    fn a_vacated_holder_casts_what_its_snapshots_show() {
        let seat = Seat {
            owner: Pubkey::default(),
            heir: Pubkey::default(),
            heir_rent: 0,
            bid_weight: 0,
            taken_epoch: 3,
            vacated_epoch: 5,
            index: 0,
            bump: 0,
        };
        let may = [2, 3, 5, 6].map(|epoch| seat.may_cast(epoch));
        assert_eq!(may, [false, true, true, false]);
        assert!(!seat.closable(6) && seat.closable(7));
        let held = Seat { vacated_epoch: HELD, ..seat };
        assert!(held.may_cast(6) && !held.closable(u64::MAX));
    }
}
