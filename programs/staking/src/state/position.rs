// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{fixed, Envelope};

use super::VerifierTree;
use crate::errors::StakingError;

protocol::limits! {
    /// Value of `Position.seat` of an owner without a seat.
    pub const NO_SEAT: u16 = u16::MAX;
    /// A catch rate of 1, Q16.
    pub const CATCH_RATE_ONE: u32 = 1 << 16;
    /// Catch rate of a new position, Q16.
    pub const CATCH_RATE_START: u32 = CATCH_RATE_ONE / 2;
}

/// One owner's stake, at `["position", owner]`.
#[account(zero_copy)]
#[derive(Debug, Default)]
pub struct Position {
    pub owner: Pubkey,
    pub amount: u64,
    /// Part of `amount` that is locked in exposures.
    pub exposed: u64,
    /// Stake that is on its way out. It is not part of `amount`.
    pub unbonding: u64,
    pub rewards_owed: u64,
    /// The pool's reward index when rewards were last settled, low limb first.
    pub reward_index: [u64; 2],
    pub opened_slot: u64,
    pub sequence: u64,
    /// Number of tickets ever created, which is the id of the next one.
    pub tickets: u64,
    pub seat: u16,
    /// 1 while the seat is being vacated and has no weight.
    pub seat_vacated: u8,
    pub bump: u8,
    /// How far a verifier is trusted to notice a wrong result, Q16, 0 to 65,536. It belongs to the
    /// owner's stake, so taking another seat does not reset it.
    pub catch_rate: u32,
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

    /// Credits the rewards since the last settlement, rounded down. It must run before any change
    /// of `amount`.
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

    /// Takes `amount` out of the free stake into unbonding and returns the ticket's id.
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

    /// Removes `amount` from the stake that is locked in exposures.
    pub fn lose(&mut self, amount: u64) -> Option<()> {
        self.release(amount)?;
        self.amount = self.amount.checked_sub(amount)?;
        Some(())
    }

    /// Returns whether the position has a seat that it has not vacated.
    pub fn seated(&self) -> bool {
        self.seat != NO_SEAT && self.seat_vacated == 0
    }

    /// Records a slash: the catch rate loses three quarters.
    pub fn record_miss(&mut self) {
        self.catch_rate /= 4;
    }

    /// Records a fraud that the owner's ballot rejected: the catch rate gains a sixteenth of its
    /// distance to 1.
    pub fn record_catch(&mut self) {
        let lacking = CATCH_RATE_ONE.saturating_sub(self.catch_rate);
        self.catch_rate = self.catch_rate.saturating_add(lacking / 16);
    }

    /// Returns a seat's weight in a draw: stake times catch rate, rounded down. It is 0 below the
    /// verifiers' minimum, which applies to the stake alone.
    pub fn weight(&self, min_verifier_stake: u64) -> Option<u64> {
        if self.amount < min_verifier_stake {
            return Some(0);
        }
        let weight_q16 = fixed::widening_mul(self.amount, self.catch_rate.into());
        u64::try_from(weight_q16.checked_div(CATCH_RATE_ONE.into())?).ok()
    }

    /// Updates the weight of the position's seat in the tree and returns it, or 0 without a seat.
    pub fn weigh(
        &self,
        tree: Option<&AccountLoader<VerifierTree>>,
        min_verifier_stake: u64,
    ) -> Result<u64> {
        if !self.seated() {
            return Ok(0);
        }
        let weight = self.weight(min_verifier_stake).ok_or(StakingError::Overflow)?;
        let mut tree = tree.ok_or(StakingError::VerifierTreeMissing)?.load_mut()?;
        tree.set(self.seat, weight).ok_or(StakingError::Overflow)?;
        Ok(weight)
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
    fn a_catch_rate_rises_slowly_and_falls_fast() {
        let mut position = Position { catch_rate: CATCH_RATE_START, ..position() };
        position.record_catch();
        assert_eq!(position.catch_rate, 34_816);
        position.record_miss();
        assert_eq!(position.catch_rate, 8_704);
        for _ in 0..500 {
            position.record_catch();
        }
        assert!(position.catch_rate <= CATCH_RATE_ONE && position.catch_rate > 65_500);
        for _ in 0..9 {
            position.record_miss();
        }
        assert_eq!(position.catch_rate, 0);
    }

    #[test]
    fn splitting_stake_gains_no_weight() {
        let weight = |amount, catch_rate| {
            Position { amount, catch_rate, ..Position::default() }.weight(5).unwrap()
        };
        assert_eq!(weight(10, CATCH_RATE_START), 5);
        assert_eq!(weight(9, CATCH_RATE_START), 4);
        assert_eq!(weight(4, CATCH_RATE_ONE), 0);
        assert_eq!(weight(u64::MAX, CATCH_RATE_ONE), u64::MAX);
        assert!(3 * weight(333, 40_000) <= weight(999, 40_000));
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(Position::SPACE, 8 + 112);
        assert_eq!(Ticket::INIT_SPACE, 57);
    }
}
