use anchor_lang::prelude::*;

use super::url::{Url, URL_BYTES};

/// PDA `["verifier", owner]`: where a seat's holder is reached.
#[account]
#[derive(InitSpace)]
pub struct Verifier {
    pub owner: Pubkey,
    pub seat: u16,
    pub endpoint: Url,
    pub memory_bytes: u64,
    pub registered_slot: u64,
    pub sequence: u64,
    pub bump: u8,
}

const _: () = assert!(Verifier::INIT_SPACE == 32 + 2 + URL_BYTES + 3 * 8 + 1);
