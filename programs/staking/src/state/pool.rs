// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use protocol::{fixed, seeds, token, Envelope};

use super::{History, Position, StakingParams};
use crate::errors::StakingError;

protocol::limits! {
    /// Windows that a queued change waits beyond the unbonding period.
    pub const QUEUED_WINDOWS: u64 = 3;
}

/// The total stake and the stream of rewards over it, at `["pool"]`. It is the authority of the
/// three vaults.
#[account(zero_copy)]
#[derive(Debug, Default)]
pub struct Pool {
    pub authority: Pubkey,
    pub mint: Pubkey,
    pub stake_vault: Pubkey,
    pub reward_vault: Pubkey,
    pub emission_vault: Pubkey,
    /// Rewards per unit of stake since the beginning, Q64, low limb first.
    pub reward_index: [u64; 2],
    /// Rewards per slot until `period_end`, Q64, low limb first.
    pub reward_rate: [u64; 2],
    pub total_staked: u64,
    pub period_end: u64,
    pub last_update: u64,
    pub emission_start: u64,
    pub emission_last: u64,
    pub sequence: u64,
    /// Slots per window. Checkpoints are taken at a window's beginning, and each window is an epoch
    /// with one snapshot of the verifiers. It never changes.
    pub checkpoint_slots: u64,
    /// Emission that was due under earlier rates or that its vault could not pay yet.
    pub emission_owed: u64,
    /// Part of `total_staked` that is the collateral of seats.
    pub collateral: u64,
    /// Authority that takes over in `authority_slot`; zero while no handover is queued.
    pub next_authority: Pubkey,
    pub authority_slot: u64,
    /// Staking's parameters of the current terms.
    pub params: StakingParams,
    /// Version of the current terms.
    pub terms: u16,
    pub bump: u8,
    pub stake_vault_bump: u8,
    pub reward_vault_bump: u8,
    pub emission_vault_bump: u8,
    pub padding: [u8; 2],
    /// History of `total_staked`, by which votes are counted.
    pub staked_history: History,
    /// History of the stake that can back leases, by which turns to claim are counted.
    pub lease_history: History,
}

impl Pool {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    /// Returns the number of the window that contains `slot`, which is also its epoch.
    pub fn window(&self, slot: u64) -> Option<u64> {
        slot.checked_div(self.checkpoint_slots)
    }

    /// Returns the stake that can back leases.
    pub fn leasable(&self) -> u64 {
        self.total_staked.saturating_sub(self.collateral)
    }

    /// Returns the stake that counts as able to back leases in `window`.
    pub fn standing_leasable(&self, window: u64) -> u64 {
        self.lease_history.standing(window, self.leasable())
    }

    /// Returns the stake that counts in `window`.
    pub fn standing_staked(&self, window: u64) -> u64 {
        self.staked_history.standing(window, self.total_staked)
    }

    /// Settles the rewards of a position whose amount is about to change, and records what it and
    /// the pool hold until then.
    pub fn checkpoint(&mut self, position: &mut Position, slot: u64) -> Option<()> {
        self.settle(position, slot)?;
        let window = self.window(slot)?;
        position.history.record(window, position.amount);
        self.staked_history.record(window, self.total_staked);
        self.lease_history.record(window, self.leasable());
        Some(())
    }

    /// Binds part of the stake as the collateral of a seat.
    pub fn bind(&mut self, amount: u64, slot: u64) -> Option<()> {
        self.lease_history.record(self.window(slot)?, self.leasable());
        self.collateral = self.collateral.checked_add(amount)?;
        Some(())
    }

    /// Frees collateral, which can back leases again.
    pub fn unbind(&mut self, amount: u64, slot: u64) -> Option<()> {
        self.lease_history.record(self.window(slot)?, self.leasable());
        self.collateral = self.collateral.checked_sub(amount)?;
        Some(())
    }

    /// Removes stake that a position lost, `collateral` of it from a seat's collateral.
    pub fn lose(&mut self, amount: u64, collateral: u64) -> Option<()> {
        self.remove_stake(amount)?;
        self.collateral = self.collateral.checked_sub(collateral)?;
        Some(())
    }

    pub fn envelope(&mut self, clock: &Clock) -> Result<Envelope> {
        Ok(Envelope::next(&mut self.sequence, clock).ok_or(StakingError::Overflow)?)
    }

    /// Advances the index to `slot`. The stream pauses while nobody stakes.
    pub fn accrue(&mut self, slot: u64) -> Option<()> {
        let streamed = slot.min(self.period_end).saturating_sub(self.last_update);
        if self.total_staked > 0 {
            let rewards = fixed::wide(self.reward_rate).checked_mul(u128::from(streamed))?;
            let per_unit = rewards.checked_div(u128::from(self.total_staked))?;
            let index = fixed::wide(self.reward_index).checked_add(per_unit)?;
            self.reward_index = fixed::limbs(index);
        } else if self.last_update < self.period_end {
            let waited = slot.checked_sub(self.last_update)?;
            self.period_end = self.period_end.checked_add(waited)?;
        }
        self.last_update = slot;
        Some(())
    }

    /// Advances the index and credits a position before its amount changes.
    pub fn settle(&mut self, position: &mut Position, slot: u64) -> Option<()> {
        self.accrue(slot)?;
        position.settle_rewards(fixed::wide(self.reward_index))
    }

    pub fn add_stake(&mut self, amount: u64) -> Option<()> {
        self.total_staked = self.total_staked.checked_add(amount)?;
        Some(())
    }

    pub fn remove_stake(&mut self, amount: u64) -> Option<()> {
        self.total_staked = self.total_staked.checked_sub(amount)?;
        Some(())
    }

    /// Refuses an account that is not a token account of the pool's mint.
    pub fn check_mint(&self, account: &AccountInfo) -> Result<token::Holding> {
        token::holding(account)
            .filter(|holding| holding.mint == self.mint)
            .ok_or_else(|| StakingError::WrongTokenAccount.into())
    }

    /// Refuses an account that is not `owner`'s token account of the pool's mint.
    pub fn check_owned(&self, account: &AccountInfo, owner: &Pubkey) -> Result<()> {
        require_keys_eq!(self.check_mint(account)?.owner, *owner, StakingError::WrongOwner);
        Ok(())
    }

    /// Adds `amount` to the stream. The new end averages the remaining times of the old and the new
    /// rewards, weighted by amount, so nobody can stretch the stream by funding dust.
    pub fn stream(&mut self, amount: u64, slot: u64) -> Option<()> {
        self.accrue(slot)?;
        let remaining = self.period_end.saturating_sub(slot);
        let leftover = fixed::wide(self.reward_rate).checked_mul(u128::from(remaining))?;
        let added = u128::from(amount).checked_mul(1 << 64)?;
        let weighted = u128::from(fixed::q64_floor(leftover)?)
            .checked_mul(u128::from(remaining))?
            .checked_add(
                u128::from(amount).checked_mul(u128::from(self.params.reward_period_slots))?,
            )?;
        let total = u128::from(fixed::q64_floor(leftover)?).checked_add(u128::from(amount))?;
        let nearest = weighted.checked_add(total / 2)?.checked_div(total)?.max(1);
        let rate = leftover.checked_add(added)?.checked_div(nearest)?;
        self.reward_rate = fixed::limbs(rate);
        self.period_end = slot.checked_add(u64::try_from(nearest).ok()?)?;
        Some(())
    }

    /// Returns the first and the last slot in which a change that is queued in `slot` can be
    /// applied: after everybody could leave, and the seats of those that left are closed.
    pub fn queue(&self, slot: u64) -> Option<(u64, u64)> {
        let windows = self.checkpoint_slots.checked_mul(QUEUED_WINDOWS)?;
        let delay = self.params.unbonding_slots.checked_add(windows)?;
        let applies_slot = slot.checked_add(delay)?;
        Some((applies_slot, applies_slot.checked_add(delay)?))
    }

    /// Moves the emission that is due into `emission_owed`.
    pub fn accrue_emission(&mut self, slot: u64) -> Option<()> {
        self.emission_owed = self.emission_owed.checked_add(self.emission_due(slot)?)?;
        self.emission_last = slot;
        Some(())
    }

    /// Returns the emission due since the last one. The rate halves every `halving_slots` from the
    /// start.
    pub fn emission_due(&self, slot: u64) -> Option<u64> {
        let mut due = 0u64;
        let mut from = self.emission_last;
        while from < slot {
            let elapsed = from.checked_sub(self.emission_start)?;
            let era = elapsed.checked_div(self.params.halving_slots)?;
            let rate =
                self.params.emission_per_slot.checked_shr(u32::try_from(era).ok()?).unwrap_or(0);
            if rate == 0 {
                break;
            }
            let era_end = era
                .checked_add(1)?
                .checked_mul(self.params.halving_slots)?
                .saturating_add(self.emission_start);
            let to = slot.min(era_end);
            due = due.checked_add(rate.checked_mul(to.checked_sub(from)?)?)?;
            from = to;
        }
        Some(due)
    }
}

/// Returns the balance of a vault in base units.
pub fn balance(vault: &AccountInfo) -> Result<u64> {
    Ok(token::holding(vault).ok_or(StakingError::WrongVault)?.amount)
}

/// Runs `call` with the seeds that sign for the vaults.
pub fn signed_by_pool<T>(bump: u8, call: impl FnOnce(&[&[&[u8]]]) -> T) -> T {
    call(&[&[seeds::POOL, &[bump]]])
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn pool() -> Pool {
        let params = StakingParams {
            unbonding_slots: 1,
            reward_period_slots: 100,
            emission_per_slot: 8,
            halving_slots: 10,
            min_verifier_stake: 1,
            slash_burn_bps: 0,
        };
        Pool { params, total_staked: 10, checkpoint_slots: 100, ..Pool::default() }
    }

    #[test]
    fn stream_is_linear() {
        let mut pool = pool();
        pool.stream(1_000, 0).unwrap();
        pool.accrue(50).unwrap();
        assert_eq!(fixed::q64_floor(fixed::wide(pool.reward_index) * 10), Some(500));
        pool.accrue(1_000).unwrap();
        assert_eq!(fixed::q64_floor(fixed::wide(pool.reward_index) * 10), Some(1_000));
    }

    #[test]
    fn stream_waits_without_stake() {
        let mut pool = pool();
        pool.total_staked = 0;
        pool.stream(1_000, 0).unwrap();
        pool.accrue(70).unwrap();
        assert_eq!((pool.period_end, pool.reward_index), (170, [0, 0]));
    }

    #[test]
    fn dust_does_not_stretch_the_stream() {
        let mut pool = pool();
        pool.stream(1_000_000, 0).unwrap();
        for slot in 1..50 {
            pool.stream(1, slot).unwrap();
        }
        assert_eq!(pool.period_end, 100);
    }

    #[test]
    fn emission_halves_and_ends() {
        let pool = pool();
        assert_eq!(pool.emission_due(5), Some(40));
        assert_eq!(pool.emission_due(15), Some(80 + 20));
        assert_eq!(pool.emission_due(u64::MAX), Some(80 + 40 + 20 + 10));
    }

    #[test]
    fn owed_emission_is_kept() {
        let mut pool = pool();
        pool.accrue_emission(5).unwrap();
        pool.params.emission_per_slot = 80;
        pool.accrue_emission(6).unwrap();
        assert_eq!((pool.emission_owed, pool.emission_last), (40 + 80, 6));
    }

    #[test]
    fn collateral_backs_no_lease() {
        let mut pool = Pool { total_staked: 0, ..pool() };
        let mut position = Position::default();
        pool.checkpoint(&mut position, 150).unwrap();
        pool.add_stake(10).unwrap();
        pool.bind(4, 250).unwrap();
        assert_eq!((pool.leasable(), pool.standing_leasable(3)), (6, 6));
        assert_eq!((pool.standing_leasable(2), pool.standing_staked(3)), (0, 10));
        pool.lose(3, 2).unwrap();
        pool.unbind(2, 260).unwrap();
        assert_eq!((pool.total_staked, pool.collateral, pool.leasable()), (7, 0, 7));
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(Pool::SPACE, 8 + 616);
    }
}
