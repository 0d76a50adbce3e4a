use anchor_lang::prelude::*;

/// PDA `["buyer", owner]`. Job ids count up and are never reused, so a closed job cannot come back.
#[account]
#[derive(InitSpace)]
pub struct Buyer {
    pub owner: Pubkey,
    pub next_job_id: u64,
    pub sequence: u64,
    pub bump: u8,
}

const _: () = assert!(Buyer::INIT_SPACE == 49);
