// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{fixed, Envelope};

use super::{Exposure, History, VerifierTree};
use crate::errors::StakingError;

protocol::codes! {
    /// Values of `Position.tenure`: what a position with a seat may expect of it.
    pub enum Tenure {
        /// The seat has weight and can be drawn.
        Held = 0,
        /// The seat has no weight any more, but its collateral is bound until it is closed.
        Vacated = 1,
        /// The position has bid for a vacated seat and gets it once it is closed.
        Heir = 2,
    }
}

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
    /// Code of [`Tenure`]; meaningless without a seat.
    pub tenure: u8,
    pub bump: u8,
    /// How far a verifier is trusted to notice a wrong result, Q16, 0 to 65,536. It belongs to the
    /// owner's stake, so taking another seat does not reset it.
    pub catch_rate: u32,
    /// Part of `amount` that is bound to the seat. It backs ballots alone.
    pub collateral: u64,
    /// Part of `collateral` that is locked in the exposures of ballots, and part of `exposed`.
    pub balloted: u64,
    /// Key that may expose stake for the owner; zero for none.
    pub operator: Pubkey,
    /// Stake that the operator may have exposed at once, and all that it can lose. Losses lower it.
    pub operator_budget: u64,
    /// Part of `exposed` that the operator has locked.
    pub operator_exposed: u64,
    /// History of `amount`.
    pub history: History,
}

impl Position {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    /// Returns the stake that can back further leases, or leave.
    pub fn lease_room(&self) -> u64 {
        let leased = self.exposed.saturating_sub(self.balloted);
        self.amount.saturating_sub(self.collateral).saturating_sub(leased)
    }

    /// Returns the collateral that can back further ballots.
    pub fn ballot_room(&self) -> u64 {
        self.collateral.saturating_sub(self.balloted)
    }

    /// Returns whether `signer` may act for the owner in jobs: the owner, or the operator.
    pub fn acts(&self, signer: &Pubkey) -> bool {
        *signer == self.owner || self.is_operator(signer)
    }

    pub fn is_operator(&self, signer: &Pubkey) -> bool {
        *signer == self.operator && self.operator != Pubkey::default()
    }

    /// Returns the weight of a claim on work that was posted in `window`: the stake that can back a
    /// lease now, without what arrived since. A minimum of standing and room would let stake that is
    /// bound elsewhere vouch for stake that came after the hash was known.
    pub fn claim_weight(&self, window: u64) -> u64 {
        let arrived = self.amount.saturating_sub(self.standing(window));
        self.lease_room().saturating_sub(arrived)
    }

    /// Returns the stake that counts in `window`.
    pub fn standing(&self, window: u64) -> u64 {
        self.history.standing(window, self.amount)
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
        require!(amount <= self.lease_room(), StakingError::InsufficientFreeStake);
        let id = self.tickets;
        self.amount = self.amount.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.unbonding = self.unbonding.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.tickets = id.checked_add(1).ok_or(StakingError::Overflow)?;
        Ok(id)
    }

    /// Locks what an exposure holds, out of the collateral for a ballot and out of the other stake
    /// for a lease.
    pub fn expose(&mut self, exposure: &Exposure) -> Result<()> {
        let total = exposure.total().ok_or(StakingError::Overflow)?;
        let add = |sum: u64| sum.checked_add(total).ok_or(StakingError::Overflow);
        if exposure.ballot == 1 {
            require!(total <= self.ballot_room(), StakingError::InsufficientCollateral);
            self.balloted = add(self.balloted)?;
        } else {
            require!(total <= self.lease_room(), StakingError::InsufficientFreeStake);
        }
        if exposure.by_operator == 1 {
            self.operator_exposed = add(self.operator_exposed)?;
            let within = self.operator_exposed <= self.operator_budget;
            require!(within, StakingError::OperatorBudgetExceeded);
        }
        self.exposed = add(self.exposed)?;
        Ok(())
    }

    /// Frees `amount` that `exposure` held.
    pub fn release(&mut self, exposure: &Exposure, amount: u64) -> Option<()> {
        self.exposed = self.exposed.checked_sub(amount)?;
        if exposure.ballot == 1 {
            self.balloted = self.balloted.checked_sub(amount)?;
        }
        if exposure.by_operator == 1 {
            self.operator_exposed = self.operator_exposed.checked_sub(amount)?;
        }
        Some(())
    }

    /// Removes `amount` that `exposure` held, and returns the part that was collateral. A loss that
    /// the operator caused lowers its budget, so that a stolen key cannot lose more than once.
    pub fn lose(&mut self, exposure: &Exposure, amount: u64) -> Option<u64> {
        self.release(exposure, amount)?;
        self.amount = self.amount.checked_sub(amount)?;
        if exposure.by_operator == 1 {
            self.operator_budget = self.operator_budget.saturating_sub(amount);
        }
        if exposure.ballot == 0 {
            return Some(0);
        }
        self.collateral = self.collateral.checked_sub(amount)?;
        Some(amount)
    }

    /// Removes a fine from the collateral that no ballot holds, and returns the amount: at most
    /// `fine`.
    pub fn fine(&mut self, fine: u64) -> Option<u64> {
        let amount = fine.min(self.ballot_room());
        self.amount = self.amount.checked_sub(amount)?;
        self.collateral = self.collateral.checked_sub(amount)?;
        Some(amount)
    }

    /// Binds free stake as the collateral of a seat.
    pub fn bind(&mut self, amount: u64) -> Result<()> {
        require!(amount <= self.lease_room(), StakingError::InsufficientFreeStake);
        self.collateral = self.collateral.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// Frees the collateral of a seat that is given up and returns its amount. No ballot may hold
    /// any of it.
    pub fn unbind(&mut self) -> Result<u64> {
        require!(self.balloted == 0, StakingError::BallotsOpen);
        self.seat = NO_SEAT;
        self.tenure = Tenure::Held as u8;
        Ok(std::mem::take(&mut self.collateral))
    }

    /// Returns whether the position has a seat that it has not vacated.
    pub fn seated(&self) -> bool {
        self.seat != NO_SEAT && self.tenure == Tenure::Held as u8
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

    /// Returns the weight of a seat with this collateral in a draw: collateral times catch rate,
    /// rounded down. It is 0 below half of the least collateral of a verifier.
    pub fn weight(&self, min_verifier_stake: u64) -> Option<u64> {
        if self.is_undercollateralised(min_verifier_stake) {
            return Some(0);
        }
        let weight_q16 = fixed::widening_mul(self.collateral, self.catch_rate.into());
        u64::try_from(weight_q16.checked_div(CATCH_RATE_ONE.into())?).ok()
    }

    /// Returns whether anybody may evict the position from its seat.
    pub fn is_undercollateralised(&self, min_verifier_stake: u64) -> bool {
        self.collateral < min_verifier_stake.div_ceil(2)
    }

    /// Updates the weight of the position's seat in the tree and returns it, or 0 without a seat.
    pub fn weigh(
        &self,
        tree: &AccountLoader<VerifierTree>,
        min_verifier_stake: u64,
    ) -> Result<u64> {
        if !self.seated() {
            return Ok(0);
        }
        let weight = self.weight(min_verifier_stake).ok_or(StakingError::Overflow)?;
        let mut tree = tree.load_mut()?;
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

    fn lease(amount: u64) -> Exposure {
        Exposure { amount, ..Exposure::default() }
    }

    fn ballot(amount: u64) -> Exposure {
        Exposure { ballot: 1, ..lease(amount) }
    }

    #[test]
    fn exposed_stake_cannot_leave() {
        let mut position = position();
        position.expose(&lease(4)).unwrap();
        assert!(position.unbond(7).is_err());
        assert!(position.expose(&lease(7)).is_err());
        assert_eq!(position.unbond(6).unwrap(), 0);
        assert_eq!((position.amount, position.exposed, position.unbonding), (4, 4, 6));
    }

    #[test]
    fn collateral_backs_ballots_and_nothing_else() {
        let mut position = position();
        assert_eq!(position.bind(11), Err(StakingError::InsufficientFreeStake.into()));
        position.bind(6).unwrap();
        assert_eq!(position.unbond(5), Err(StakingError::InsufficientFreeStake.into()));
        position.expose(&lease(3)).unwrap();
        assert_eq!(position.expose(&lease(2)), Err(StakingError::InsufficientFreeStake.into()));
        position.expose(&ballot(5)).unwrap();
        assert_eq!((position.lease_room(), position.ballot_room()), (1, 1));
        assert_eq!(position.expose(&ballot(2)), Err(StakingError::InsufficientCollateral.into()));
        assert_eq!(position.unbind(), Err(StakingError::BallotsOpen.into()));
        assert_eq!(position.fine(4), Some(1));
        assert_eq!(position.lose(&ballot(5), 2), Some(2));
        assert_eq!((position.amount, position.collateral, position.balloted), (7, 3, 3));
        position.release(&ballot(5), 3).unwrap();
        assert_eq!(position.lose(&lease(3), 3), Some(0));
        assert_eq!(position.unbind().unwrap(), 3);
        assert_eq!((position.amount, position.exposed, position.lease_room()), (4, 0, 4));
    }

    #[test]
    fn bound_stake_does_not_vouch_for_stake_that_arrives() {
        let mut position = Position { amount: 0, ..position() };
        position.history.record(3, 0);
        position.add(10).unwrap();
        assert_eq!([4, 5].map(|window| position.claim_weight(window)), [0, 10]);
        position.bind(10).unwrap();
        position.history.record(6, 10);
        position.add(10).unwrap();
        assert_eq!((position.standing(6), position.lease_room()), (10, 10));
        assert_eq!((position.claim_weight(6), position.claim_weight(8)), (0, 10));
    }

    #[test]
    fn a_loss_comes_out_of_both() {
        let mut position = position();
        position.expose(&lease(4)).unwrap();
        position.lose(&lease(4), 3).unwrap();
        assert_eq!((position.amount, position.exposed), (7, 1));
        assert_eq!(position.lose(&lease(4), 2), None);
    }

    #[test]
    fn an_operator_loses_at_most_its_budget() {
        let [owner, operator, other] = [1, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let mut position = Position { owner, operator, operator_budget: 5, ..position() };
        assert!(position.acts(&owner) && position.acts(&operator) && !position.acts(&other));
        assert!(!Position::default().acts(&other) && !position.is_operator(&owner));
        let by_operator = |amount| Exposure { by_operator: 1, ..lease(amount) };
        assert_eq!(
            position.expose(&by_operator(6)),
            Err(StakingError::OperatorBudgetExceeded.into())
        );
        let mut position = Position { owner, operator, operator_budget: 5, ..self::position() };
        position.expose(&by_operator(4)).unwrap();
        position.lose(&by_operator(4), 4).unwrap();
        assert_eq!((position.operator_budget, position.operator_exposed), (1, 0));
        position.expose(&lease(6)).unwrap();
        assert_eq!((position.operator_exposed, position.lease_room()), (0, 0));
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
    fn splitting_collateral_gains_no_weight() {
        let weight = |collateral, catch_rate| {
            Position { collateral, catch_rate, ..Position::default() }.weight(9).unwrap()
        };
        assert_eq!(weight(10, CATCH_RATE_START), 5);
        assert_eq!(weight(5, CATCH_RATE_ONE), 5);
        assert_eq!(weight(4, CATCH_RATE_ONE), 0);
        assert_eq!(weight(u64::MAX, CATCH_RATE_ONE), u64::MAX);
        assert!(3 * weight(333, 40_000) <= weight(999, 40_000));
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(Position::SPACE, 312);
        assert_eq!(Ticket::INIT_SPACE, 57);
    }
}
