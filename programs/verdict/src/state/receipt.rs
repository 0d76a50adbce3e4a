use anchor_lang::{prelude::*, Discriminator};

protocol::codes! {
    /// Values of `Receipt.reason`: why a provider was slashed.
    pub enum Reason {
        /// A committed element differs from what its operator computes.
        WrongElement = 0,
        /// The provider did not show the element in time.
        Unanswered = 1,
    }
}

/// PDA `["receipt", job]`: why a provider was slashed. Anyone can check it again from the chain and
/// the job's data. It outlives the verdict.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Receipt {
    pub job: Pubkey,
    pub graph: Pubkey,
    pub input_root: [u8; 32],
    /// Provider that committed the element.
    pub provider: Pubkey,
    /// Root of the stage that holds the element.
    pub stage_root: [u8; 32],
    /// Party that proved the fraud. Zero when no proof was needed; the evidence and both values are
    /// then zero as well.
    pub challenger: Pubkey,
    /// SHA-256 of the evidence.
    pub evidence: [u8; 32],
    /// Slot of the proof, or of the report that an answer is missing.
    pub slot: u64,
    /// Stake taken from the provider, in base units; zero until it is slashed.
    pub slashed: u64,
    /// Part of `slashed` that was burned.
    pub burned: u64,
    /// Part of `slashed` that is credited to the challenger.
    pub bounty: u64,
    pub operator: u32,
    pub element: u32,
    pub expected: i32,
    pub committed: i32,
    /// Index of the stage in the verdict.
    pub stage: u8,
    pub bump: u8,
    /// A code of [`Reason`].
    pub reason: u8,
    /// 1 once the buyer showed that it had ordered the wrong element.
    pub trap: u8,
    pub padding: [u8; 4],
}

impl Receipt {
    pub const SPACE: usize = Self::DISCRIMINATOR.len() + std::mem::size_of::<Self>();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_frozen() {
        assert_eq!(Receipt::SPACE, 8 + 7 * 32 + 4 * 8 + 4 * 4 + 8);
    }
}
