use std::ops::RangeInclusive;

use anchor_lang::prelude::*;
use job_registry::state::Registry;
use protocol::{
    economics::{Deterrence, Sampling, Traps},
    fixed::BPS,
};
use staking::state::Pool;

use super::ANSWER_DELAY;
use crate::errors::{Checked, VerdictError};

/// Parameters of the program. Durations are in slots and amounts in base units of $NLOV.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Probability that the result of a provider with full reputation is verified, in basis points.
    pub p_floor_bps: u16,
    /// Share of verifiers assumed to collude with a provider, in basis points. Other programs read
    /// this field, the one above it and the one below it.
    pub collusion_bps: u16,
    /// Share of verifiers assumed to accept without checking, in basis points.
    pub lazy_bps: u16,
    /// Share of verified results that are traps, in basis points. Whoever wants honest verifiers
    /// posts enough traps to keep it up.
    pub trap_rate_bps: u16,
    /// Base units of $NLOV that a verifier saves by accepting without checking.
    pub check_cost: u64,
    /// Base units of stake that a ballot exposes. Other programs read this field and the two above
    /// it.
    pub ballot_exposure: u64,
    /// Challenger's share of the slashed stake that is not burned, in basis points.
    pub bounty_bps: u16,
    /// Slots that the buyer has to reveal the salt before a draw may proceed without it.
    pub salt_slots: u64,
    /// Slots in which the drawn verifiers must cast their ballots.
    pub ballot_slots: u64,
    /// Slots in which the verifiers must then reveal them.
    pub reveal_slots: u64,
    /// Slots before an accepted or unsampled result is paid.
    pub challenge_slots: u64,
    /// Slots before a result without a quorum is paid.
    pub public_slots: u64,
    /// Slots in which a majority's rejection must be proven.
    pub proof_slots: u64,
    /// Slots in which a provider must answer for its data, from `MIN_ANSWER_SLOTS` to
    /// `MAX_ANSWER_SLOTS`.
    pub answer_slots: u64,
    /// Slots after a proof in which the buyer may show that the job is a trap.
    pub trap_slots: u64,
    /// Base units of stake that a verifier loses by withholding a cast ballot.
    pub silence_fee: u64,
}

protocol::limits! {
    /// Minimum of `Params.answer_slots`: it must leave slots to answer in after the one whose hash
    /// chooses the questions.
    pub const MIN_ANSWER_SLOTS: u64 = ANSWER_DELAY + 2;
    /// Maximum of `Params.answer_slots`: SlotHashes must still hold that hash in the last of them.
    pub const MAX_ANSWER_SLOTS: u64 = 400;
}

const ANSWER_SLOTS: RangeInclusive<u64> = MIN_ANSWER_SLOTS..=MAX_ANSWER_SLOTS;

impl Params {
    pub fn validate(&self) -> Result<()> {
        let windows = [
            self.salt_slots,
            self.ballot_slots,
            self.reveal_slots,
            self.challenge_slots,
            self.public_slots,
            self.proof_slots,
            self.trap_slots,
        ];
        let shares = [
            self.p_floor_bps,
            self.collusion_bps,
            self.lazy_bps,
            self.trap_rate_bps,
            self.bounty_bps,
        ];
        require!(
            !windows.contains(&0)
                && ANSWER_SLOTS.contains(&self.answer_slots)
                && self.p_floor_bps > 0
                && shares.iter().all(|share| u64::from(*share) <= BPS),
            VerdictError::InvalidParams
        );
        Ok(())
    }

    /// Refuses parameters under which cheating pays (see [`Deterrence`]) or accepting without
    /// checking pays (see [`Traps`]).
    pub fn require_deterrence(&self, registry: &Registry, pool: &Pool) -> Result<()> {
        let deterrence = Deterrence {
            sampling: Sampling {
                p_floor_bps: self.p_floor_bps,
                collusion_bps: self.collusion_bps,
                lazy_bps: self.lazy_bps,
            },
            slash_burn_bps: pool.params.slash_burn_bps,
            kappa: registry.params.kappa,
        };
        if let Some(weakness) = deterrence.weakness().checked()? {
            return Err(VerdictError::from(weakness).into());
        }
        let deterred = self.traps().deter(pool.params.slash_burn_bps).checked()?;
        require!(deterred, VerdictError::TrapsTooWeak);
        Ok(())
    }

    fn traps(&self) -> Traps {
        Traps {
            trap_rate_bps: self.trap_rate_bps,
            check_cost: self.check_cost,
            ballot_exposure: self.ballot_exposure,
        }
    }
}

/// PDA `["config"]`: the governing authority and the parameters.
#[account]
#[derive(InitSpace, Debug)]
pub struct Config {
    pub authority: Pubkey,
    pub params: Params,
    pub sequence: u64,
    pub bump: u8,
}

impl Config {
    pub const SPACE: usize = Self::DISCRIMINATOR.len() + Self::INIT_SPACE;
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const PARAMS: Params = Params {
        salt_slots: 64,
        ballot_slots: 150,
        reveal_slots: 150,
        challenge_slots: 20,
        public_slots: 60,
        proof_slots: 100,
        answer_slots: 80,
        ballot_exposure: 1_000,
        trap_rate_bps: 100,
        check_cost: 4,
        trap_slots: 20,
        silence_fee: 1,
        p_floor_bps: 1_000,
        collusion_bps: 2_500,
        lazy_bps: 0,
        bounty_bps: 5_000,
    };

    #[test]
    fn windows_must_be_open_and_the_floor_a_probability() {
        assert!(PARAMS.validate().is_ok());
        assert!(Params { p_floor_bps: 10_000, ..PARAMS }.validate().is_ok());
        for broken in [
            Params { salt_slots: 0, ..PARAMS },
            Params { ballot_slots: 0, ..PARAMS },
            Params { reveal_slots: 0, ..PARAMS },
            Params { challenge_slots: 0, ..PARAMS },
            Params { public_slots: 0, ..PARAMS },
            Params { proof_slots: 0, ..PARAMS },
            Params { trap_slots: 0, ..PARAMS },
            Params { trap_rate_bps: 10_001, ..PARAMS },
            Params { answer_slots: 3, ..PARAMS },
            Params { answer_slots: 401, ..PARAMS },
            Params { collusion_bps: 10_001, ..PARAMS },
            Params { lazy_bps: 10_001, ..PARAMS },
            Params { bounty_bps: 10_001, ..PARAMS },
            Params { p_floor_bps: 0, ..PARAMS },
            Params { p_floor_bps: 10_001, ..PARAMS },
        ] {
            assert_eq!(broken.validate(), Err(VerdictError::InvalidParams.into()));
        }
    }

    #[test]
    fn size_is_frozen() {
        assert_eq!(Config::SPACE, 8 + 32 + 98 + 8 + 1);
    }

    #[test]
    fn other_programs_find_the_sampling_where_it_is() {
        let config = Config { authority: Pubkey::default(), params: PARAMS, sequence: 0, bump: 0 };
        let mut data = Vec::new();
        config.try_serialize(&mut data).unwrap();
        let sampling = Sampling { p_floor_bps: 1_000, collusion_bps: 2_500, lazy_bps: 0 };
        assert_eq!(Sampling::read(&data), Some(sampling));
        assert_eq!(Traps::read(&data), Some(PARAMS.traps()));
    }
}
