use anchor_lang::prelude::*;
use protocol::fixed::BPS;

use crate::errors::RedundancyError;

#[derive(
    AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, Default, PartialEq, Eq,
)]
pub struct Params {
    /// Slots after posting, and after each extension, in which providers may join.
    pub join_slots: u64,
    /// Slots after the last join in which every provider must commit.
    pub run_slots: u64,
    /// Slots in which the providers that committed must reveal.
    pub reveal_slots: u64,
    /// Slots in which the providers that revealed must compare.
    pub compare_slots: u64,
    /// Average number of slots that a provider with all the stake waits for its turn.
    pub claim_scale_slots: u64,
    /// Slots after which every provider may join.
    pub claim_max_delay_slots: u64,
    /// Share of a run's price that a silent provider loses, in basis points.
    pub bond_bps: u16,
}

impl Params {
    /// Checks the parameters: among other things, every provider's turn must come within the time
    /// to join.
    pub fn validate(&self) -> Result<()> {
        let windows = [self.join_slots, self.run_slots, self.reveal_slots, self.compare_slots];
        require!(
            !windows.contains(&0)
                && self.claim_max_delay_slots < self.join_slots
                && (1..=BPS).contains(&u64::from(self.bond_bps)),
            RedundancyError::InvalidParams
        );
        Ok(())
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
        join_slots: 100,
        run_slots: 200,
        reveal_slots: 30,
        compare_slots: 40,
        claim_scale_slots: 2,
        claim_max_delay_slots: 20,
        bond_bps: 1_000,
    };

    #[test]
    fn windows_are_open_and_silence_costs_something() {
        assert!(PARAMS.validate().is_ok());
        assert!(Params { claim_max_delay_slots: 99, ..PARAMS }.validate().is_ok());
        assert!(Params { claim_scale_slots: 0, bond_bps: 10_000, ..PARAMS }.validate().is_ok());
        for broken in [
            Params { join_slots: 0, ..PARAMS },
            Params { run_slots: 0, ..PARAMS },
            Params { reveal_slots: 0, ..PARAMS },
            Params { compare_slots: 0, ..PARAMS },
            Params { claim_max_delay_slots: 100, ..PARAMS },
            Params { bond_bps: 0, ..PARAMS },
            Params { bond_bps: 10_001, ..PARAMS },
        ] {
            assert_eq!(broken.validate(), Err(RedundancyError::InvalidParams.into()));
        }
    }

    #[test]
    fn size_is_frozen() {
        assert_eq!(Config::SPACE, 8 + 32 + 50 + 8 + 1);
    }
}
