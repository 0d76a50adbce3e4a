use anchor_lang::prelude::*;
use protocol::fixed::BPS;

use crate::errors::RegistryError;

/// PDA `["registry"]`: the governing authority and the parameters of all instructions.
#[account]
#[derive(InitSpace)]
pub struct Registry {
    pub authority: Pubkey,
    pub params: Params,
    pub sequence: u64,
    pub bump: u8,
}

#[derive(
    AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, InitSpace, PartialEq, Eq,
)]
pub struct Params {
    /// Slots after posting or reopening in which a provider may claim.
    pub claim_window_slots: u64,
    /// Slots that a lease runs after its claim and after each committed stage.
    pub lease_slots: u64,
    /// Multiply-adds per slot. No lease runs longer than `lease_slots` plus the time that the job
    /// takes at this rate.
    pub min_rate_macs_per_slot: u64,
    /// Slots between a provider's registration and its first claim.
    pub min_registration_slots: u64,
    /// Price factor of the season, Q32.
    pub season_q32: u64,
    /// Slots per epoch. The demand of one epoch sets the prices of the next.
    pub epoch_slots: u64,
    /// Base units of stake that give a score of 1.
    pub stake_ref: u64,
    /// Base units of urgency premium that give a score of 1.
    pub urgency_ref: u64,
    /// Multiply-adds that give a score of 1.
    pub complexity_ref: u64,
    /// Amount that readers add to the score of a waiting job, Q32 per slot.
    pub ageing_q32: u64,
    /// Average number of slots that a provider with all the stake waits for its turn.
    pub claim_scale_slots: u64,
    /// Slots after which every provider may claim.
    pub claim_max_delay_slots: u64,
    /// Multiply-adds per slot that double the price.
    pub capability_ref: u64,
    /// Slots without a settled job in which a provider's reputation halves.
    pub reputation_half_life_slots: u64,
    /// Stake exposed per unit of price.
    pub kappa: u16,
    /// Share of the price that an expired lease costs, in basis points.
    pub bond_bps: u16,
    /// Number of leases that may expire before the job ends.
    pub max_attempts: u8,
}

impl Params {
    pub fn validate(&self) -> Result<()> {
        let divisors_and_windows = [
            self.claim_window_slots,
            self.lease_slots,
            self.min_rate_macs_per_slot,
            self.season_q32,
            self.epoch_slots,
            self.stake_ref,
            self.urgency_ref,
            self.complexity_ref,
            self.capability_ref,
            self.reputation_half_life_slots,
            u64::from(self.kappa),
            u64::from(self.max_attempts),
        ];
        require!(
            divisors_and_windows.iter().all(|value| *value > 0) && u64::from(self.bond_bps) <= BPS,
            RegistryError::InvalidParams
        );
        Ok(())
    }

    pub fn epoch(&self, slot: u64) -> Result<u64> {
        slot.checked_div(self.epoch_slots).ok_or_else(|| RegistryError::InvalidParams.into())
    }
}

#[cfg(test)]
mod tests {
    use protocol::economics::read_kappa;

    use super::*;

    #[test]
    fn other_programs_find_kappa_where_it_is() {
        let params = Params { kappa: 25, ageing_q32: u64::MAX, ..Params::default() };
        let registry = Registry { authority: Pubkey::default(), params, sequence: 0, bump: 0 };
        let mut data = Vec::new();
        registry.try_serialize(&mut data).unwrap();
        assert_eq!(read_kappa(&data), Some(25));
    }
}
