use anchor_lang::prelude::*;
use protocol::fixed::BPS;

use crate::errors::VerdictError;

/// Slots are counts of slots, amounts base units of $NLOV.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Time the buyer has to reveal the salt before a draw may do without it.
    pub salt_slots: u64,
    pub ballot_slots: u64,
    pub reveal_slots: u64,
    /// Window before an accepted or unsampled result is paid.
    pub challenge_slots: u64,
    /// Window before a result without a quorum is paid.
    pub public_slots: u64,
    /// Stake that a ballot exposes.
    pub ballot_exposure: u64,
    /// What withholding a cast ballot costs.
    pub silence_fee: u64,
    /// Sampling probability of a provider of full reputation.
    pub p_floor_bps: u16,
    /// Challenger's share of the slashed stake that is not burned.
    pub bounty_bps: u16,
}

impl Params {
    pub fn validate(&self) -> Result<()> {
        let windows = [
            self.salt_slots,
            self.ballot_slots,
            self.reveal_slots,
            self.challenge_slots,
            self.public_slots,
        ];
        let (floor, bounty) = (u64::from(self.p_floor_bps), u64::from(self.bounty_bps));
        require!(
            !windows.contains(&0) && (1..=BPS).contains(&floor) && bounty <= BPS,
            VerdictError::InvalidParams
        );
        Ok(())
    }
}

/// PDA `["config"]`.
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
        ballot_exposure: 10,
        silence_fee: 1,
        p_floor_bps: 1_000,
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
            Params { p_floor_bps: 0, ..PARAMS },
            Params { p_floor_bps: 10_001, ..PARAMS },
        ] {
            assert_eq!(broken.validate(), Err(VerdictError::InvalidParams.into()));
        }
    }

    #[test]
    fn size_is_frozen() {
        assert_eq!(Config::SPACE, 8 + 32 + 60 + 8 + 1);
    }
}
