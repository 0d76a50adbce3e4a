use anchor_lang::prelude::*;

/// PDA `["receipt", job]`: what a proof found. It is never closed.
#[account(zero_copy)]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    pub job: Pubkey,
    pub graph: Pubkey,
    pub challenger: Pubkey,
    /// Committed the element and answers for it.
    pub provider: Pubkey,
    /// Of the stage that holds the element.
    pub root: [u8; 32],
    /// SHA-256 of the evidence.
    pub evidence: [u8; 32],
    pub slot: u64,
    /// Exposed stake that the provider lost, the burned share included.
    pub slashed: u64,
    pub burned: u64,
    /// The challenger's share of what was not burned.
    pub bounty: u64,
    pub operator: u32,
    pub element: u32,
    pub expected: i32,
    pub committed: i32,
    /// Index of the stage in the verdict.
    pub stage: u8,
    pub bump: u8,
    pub padding: [u8; 6],
}

impl Receipt {
    pub const SPACE: usize = Self::DISCRIMINATOR.len() + std::mem::size_of::<Self>();
}

const _: () = assert!(Receipt::SPACE == 8 + 248);
