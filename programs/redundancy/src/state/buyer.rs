use anchor_lang::prelude::*;

/// PDA `["buyer", owner]`. Task ids count up and are never reused, so a closed task cannot come
/// back with other contents under an address that providers know.
#[account]
#[derive(InitSpace)]
pub struct Buyer {
    pub owner: Pubkey,
    pub next_task_id: u64,
    pub sequence: u64,
    pub bump: u8,
}

const _: () = assert!(Buyer::INIT_SPACE == 49);
