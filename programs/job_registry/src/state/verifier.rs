use anchor_lang::prelude::*;
use protocol::url::URL_BYTES;
use staking::state::Seat;

use crate::errors::RegistryError;

/// PDA `["verifier", owner]`: how the holder of a seat is reached.
#[account]
#[derive(InitSpace)]
pub struct Verifier {
    pub owner: Pubkey,
    pub seat: u16,
    pub endpoint: [u8; URL_BYTES],
    pub memory_bytes: u64,
    pub registered_slot: u64,
    pub sequence: u64,
    pub bump: u8,
}

const _: () = assert!(Verifier::INIT_SPACE == 32 + 2 + URL_BYTES + 3 * 8 + 1);

/// Refuses a vacated seat: it is reserved until its last snapshots age out, and belongs to nobody.
pub fn require_held(seat: &Seat) -> Result<()> {
    require!(seat.is_held(), RegistryError::WrongSeat);
    Ok(())
}
