//! Which terms are allowed at all, and which may follow the present ones.

use anchor_lang::prelude::*;
use protocol::{
    economics::{Deterrence, Sampling, Traps},
    fixed::BPS,
};

use super::Parameters;
use crate::errors::StakingError;

/// Windows that a claim or a join may reach back, of the eight that a history remembers.
const REACH: u64 = 5;
/// Least ratio of the longest wait for a turn to the average one. Providers without reputation count
/// a quarter of their stake: with 16, a market of newcomers often has nobody due before the longest
/// wait, after which all race and many keys gain seven times their share. With 32 they gain a tenth.
const DELAY_RATIO: u64 = 32;

impl Parameters {
    /// Checks every bound, and the rules between parameters without which cheating would pay.
    pub fn validate(&self, checkpoint_slots: u64) -> Result<()> {
        let within = self
            .values()
            .iter()
            .zip(Self::bounds())
            .all(|(value, (least, greatest))| (least..=greatest).contains(value));
        require!(within, StakingError::OutOfBounds);
        let split = [self.escrow.stakers_bps, self.escrow.treasury_bps, self.escrow.burn_bps];
        let sum = split.iter().try_fold(0u64, |sum, share| sum.checked_add(*share));
        require!(sum == Some(BPS), StakingError::InvalidParams);
        self.validate_windows(checkpoint_slots)?;
        self.validate_ballots()?;
        self.validate_deterrence()
    }

    fn validate_windows(&self, checkpoint_slots: u64) -> Result<()> {
        let (claim, join) = (&self.job_registry, &self.redundancy);
        let reach = checkpoint_slots.checked_mul(REACH).ok_or(StakingError::InvalidParams)?;
        let waits = |scale: u64, longest: u64, window: u64| {
            longest < window
                && window <= reach
                && scale.checked_mul(DELAY_RATIO).is_some_and(|least| longest >= least)
        };
        let valid =
            waits(claim.claim_scale_slots, claim.claim_max_delay_slots, claim.claim_window_slots)
                && waits(join.claim_scale_slots, join.claim_max_delay_slots, join.join_slots);
        require!(valid, StakingError::WindowsTooLong);
        Ok(())
    }

    /// A seat with the least collateral must be able to back two ballots, and posting must pay for
    /// the collateral that it binds.
    fn validate_ballots(&self) -> Result<()> {
        let at_risk = self.verdict.ballot_exposure.checked_add(self.verdict.silence_fee);
        let backed = at_risk.is_some_and(|sum| sum <= self.staking.min_verifier_stake / 2);
        require!(backed, StakingError::CollateralTooLow);
        Ok(())
    }

    fn validate_deterrence(&self) -> Result<()> {
        let verdict = &self.verdict;
        let deterrence = Deterrence {
            sampling: Sampling {
                p_floor_bps: verdict.p_floor_bps,
                collusion_bps: verdict.collusion_bps,
                lazy_bps: verdict.lazy_bps,
            },
            slash_burn_bps: self.staking.slash_burn_bps,
            kappa: self.job_registry.kappa,
        };
        if let Some(weakness) = deterrence.weakness().ok_or(StakingError::Overflow)? {
            return Err(StakingError::from(weakness).into());
        }
        let traps = Traps {
            trap_rate_bps: verdict.trap_rate_bps,
            check_cost: verdict.check_cost,
            ballot_exposure: verdict.ballot_exposure,
        };
        let deterred = traps.deter(self.staking.slash_burn_bps).ok_or(StakingError::Overflow)?;
        require!(deterred, StakingError::TrapsTooWeak);
        Ok(())
    }

    /// Checks that no parameter is below half or above double of its present value. A parameter
    /// that is zero may rise to a hundredth of its greatest value. The halvings keep their slots: if
    /// their interval could double, half of those that have passed would be undone in one step.
    pub fn require_step_from(&self, present: &Self) -> Result<()> {
        let kept = self.staking.halving_slots == present.staking.halving_slots;
        require!(kept, StakingError::StepTooLarge);
        let allowed = self.values().iter().zip(present.values()).zip(Self::bounds()).all(
            |((next, now), (_, greatest))| {
                let most = if *now == 0 { greatest / 100 } else { now.saturating_mul(2) };
                (now.div_ceil(2)..=most).contains(next) || (*now == 1 && *next == 0)
            },
        );
        require!(allowed, StakingError::StepTooLarge);
        Ok(())
    }
}
