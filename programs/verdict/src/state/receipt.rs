use anchor_lang::{prelude::*, Discriminator};

protocol::codes! {
    /// Values of `Receipt.reason`: why a provider was slashed.
    pub enum Reason {
        /// A committed element is not what its operator gives.
        WrongElement = 0,
        /// The provider did not show the element in time.
        Unanswered = 1,
    }
}

/// PDA `["receipt", job]`: why a provider was slashed, for anyone to judge again from the chain and
/// the job's data. It outlives the verdict.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Receipt {
    pub job: Pubkey,
    pub graph: Pubkey,
    pub input_root: [u8; 32],
    /// Committed the element.
    pub provider: Pubkey,
    /// Of the stage that holds the element.
    pub stage_root: [u8; 32],
    /// Zero where nobody had to prove anything, as are evidence and both values then.
    pub challenger: Pubkey,
    /// SHA-256 of the evidence.
    pub evidence: [u8; 32],
    /// Of the proof, or of the report that an answer is missing.
    pub slot: u64,
    /// Stake taken from the provider, base units; zero until it is.
    pub slashed: u64,
    /// Part of `slashed` that was burned.
    pub burned: u64,
    /// Part of `slashed` that the challenger is credited.
    pub bounty: u64,
    pub operator: u32,
    pub element: u32,
    pub expected: i32,
    pub committed: i32,
    /// Index of the stage in the verdict.
    pub stage: u8,
    pub bump: u8,
    /// A [`Reason`].
    pub reason: u8,
    /// 1 once it turned out that the buyer had ordered this.
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
