// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{fixed, Envelope};

use super::VerifierTree;
use crate::errors::StakingError;

/// Seat of a position that has none.
pub const NO_SEAT: u16 = u16::MAX;

/// One owner's stake, at `["position", owner]`.
#[account(zero_copy)]
#[derive(Debug, Default)]
pub struct Position {
    pub owner: Pubkey,
    pub amount: u64,
    /// Part of `amount` that exposures hold.
    pub exposed: u64,
    /// Requested back, outside `amount`.
    pub unbonding: u64,
    pub rewards_owed: u64,
    /// The pool's index when rewards were settled last, low limb first.
    pub reward_index: [u64; 2],
    pub opened_slot: u64,
    pub sequence: u64,
    /// Tickets ever made: the next one's id.
    pub tickets: u64,
    pub seat: u16,
    /// 1 while the seat is being given up and weighs nothing.
    pub seat_vacated: u8,
    pub bump: u8,
    pub padding: [u8; 4],
}

impl Position {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    pub fn free(&self) -> u64 {
        self.amount.saturating_sub(self.exposed)
    }

    pub fn envelope(&mut self, clock: &Clock) -> Result<Envelope> {
        Ok(Envelope::next(&mut self.sequence, clock).ok_or(StakingError::Overflow)?)
    }

    /// Credits what the index has grown since, rounded down. Comes before any change of `amount`.
    pub fn settle_rewards(&mut self, index: u128) -> Option<()> {
        let growth = index.checked_sub(fixed::wide(self.reward_index))?;
        let earned = fixed::q64_floor(growth.checked_mul(u128::from(self.amount))?)?;
        self.rewards_owed = self.rewards_owed.checked_add(earned)?;
        self.reward_index = fixed::limbs(index);
        Some(())
    }

    pub fn add(&mut self, amount: u64) -> Option<()> {
        self.amount = self.amount.checked_add(amount)?;
        Some(())
    }

    /// Takes `amount` out of the free stake into unbonding; gives the ticket's id.
    pub fn unbond(&mut self, amount: u64) -> Result<u64> {
        require!(amount <= self.free(), StakingError::InsufficientFreeStake);
        let id = self.tickets;
        self.amount = self.amount.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.unbonding = self.unbonding.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.tickets = id.checked_add(1).ok_or(StakingError::Overflow)?;
        Ok(id)
    }

    pub fn expose(&mut self, amount: u64) -> Result<()> {
        require!(amount <= self.free(), StakingError::InsufficientFreeStake);
        self.exposed = self.exposed.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    pub fn release(&mut self, amount: u64) -> Option<()> {
        self.exposed = self.exposed.checked_sub(amount)?;
        Some(())
    }

    /// Loses `amount` of what exposures hold.
    pub fn lose(&mut self, amount: u64) -> Option<()> {
        self.release(amount)?;
        self.amount = self.amount.checked_sub(amount)?;
        Some(())
    }

    /// Whether the position has a seat that it has not given up.
    pub fn seated(&self) -> bool {
        self.seat != NO_SEAT && self.seat_vacated == 0
    }

    /// Brings the tree's weight of the position's seat to what it must be now.
    pub fn weigh(
        &self,
        tree: Option<&AccountLoader<VerifierTree>>,
        min_verifier_stake: u64,
    ) -> Result<()> {
        if !self.seated() {
            return Ok(());
        }
        let weight = if self.amount >= min_verifier_stake { self.amount } else { 0 };
        let mut tree = tree.ok_or(StakingError::VerifierTreeMissing)?.load_mut()?;
        Ok(tree.set(self.seat, weight).ok_or(StakingError::Overflow)?)
    }
}

/// Stake on its way out, at `["ticket", owner, id]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Ticket {
    pub owner: Pubkey,
    pub id: u64,
    pub amount: u64,
    pub available_slot: u64,
    pub bump: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        Position { amount: 10, seat: NO_SEAT, ..Position::default() }
    }

    #[test]
    fn exposed_stake_cannot_leave() {
        let mut position = position();
        position.expose(4).unwrap();
        assert!(position.unbond(7).is_err());
        assert!(position.expose(7).is_err());
        assert_eq!(position.unbond(6).unwrap(), 0);
        assert_eq!((position.amount, position.exposed, position.unbonding), (4, 4, 6));
    }

    #[test]
    fn a_loss_comes_out_of_both() {
        let mut position = position();
        position.expose(4).unwrap();
        position.lose(3).unwrap();
        assert_eq!((position.amount, position.exposed), (7, 1));
        assert_eq!(position.lose(2), None);
    }

    #[test]
    fn rewards_round_down() {
        let mut position = position();
        position.settle_rewards((1 << 64) / 20 * 3).unwrap();
        assert_eq!(position.rewards_owed, 1);
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(Position::SPACE, 8 + 112);
        assert_eq!(Ticket::INIT_SPACE, 57);
    }
}
