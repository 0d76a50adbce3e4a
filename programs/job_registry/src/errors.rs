use anchor_lang::prelude::*;

#[error_code(offset = 6200)]
#[derive(PartialEq, Eq)]
pub enum RegistryError {
    #[msg("the signer is not the authority of this account")]
    Unauthorized,
    #[msg("a parameter is zero or out of its range")]
    InvalidParams,
    #[msg("a number exceeds its range")]
    Overflow,
    #[msg("a URL is 1 to 96 printable ASCII characters, padded with zeros")]
    InvalidUrl,
    #[msg("ask and max_macs are at least 1")]
    InvalidCapability,
    #[msg("the staking position belongs to somebody else")]
    WrongPosition,
    #[msg("the seat belongs to somebody else or was vacated")]
    WrongSeat,
    #[msg("the provider still runs a job")]
    ProviderActive,
    #[msg("a graph has 1 to 256 operators")]
    InvalidOperatorCount,
    #[msg("the graph is sealed")]
    GraphSealed,
    #[msg("the graph is not sealed yet")]
    GraphOpen,
    #[msg("descriptors are 256 bytes each, and no more than the graph was opened for")]
    InvalidDescriptorBytes,
    #[msg("a descriptor breaks its operator's rules")]
    InvalidDescriptor,
    #[msg("an input comes from an operator that is not before its reader")]
    InvalidTopology,
    #[msg("an input's shape or type is not what its source gives")]
    OperandMismatch,
    #[msg("job inputs are numbered 0, 1, 2, ... and are at most 8")]
    InvalidJobInputs,
    #[msg("the descriptors do not hash to the graph's spec_root")]
    SpecRootMismatch,
    #[msg("the job id is not the buyer's next one")]
    WrongJobId,
    #[msg("a job has 1, 3 or 5 verifiers")]
    InvalidVerifierCount,
    #[msg("the escrow belongs to another job or buyer")]
    WrongEscrow,
    #[msg("the escrow is final")]
    EscrowFinal,
    #[msg("the escrow does not hold what the job's terms say")]
    EscrowMismatch,
    #[msg("the account belongs to another job")]
    WrongJob,
    #[msg("the account belongs to another provider")]
    WrongProvider,
    #[msg("the job is not waiting for a provider")]
    JobNotPosted,
    #[msg("no provider holds the job")]
    JobNotClaimed,
    #[msg("the job's result is not committed")]
    JobNotCommitted,
    #[msg("the job has not ended")]
    JobNotEnded,
    #[msg("the job has progress that must be judged: it cannot be cancelled")]
    JobHasProgress,
    #[msg("the claim window is over")]
    ClaimWindowOver,
    #[msg("the claim window is still open")]
    ClaimWindowOpen,
    #[msg("the job was claimed as often as allowed")]
    AttemptsExhausted,
    #[msg("the provider registered too recently")]
    RegisteredTooRecently,
    #[msg("the provider is draining")]
    ProviderDraining,
    #[msg("the job is larger than the provider takes")]
    JobTooLarge,
    #[msg("a buyer cannot run its own job")]
    BuyerIsProvider,
    #[msg("the provider's quote exceeds the job's price")]
    QuoteAbovePrice,
    #[msg("the provider held this job before and is barred from it")]
    ProviderBarred,
    #[msg("the provider's turn has not come yet")]
    BeforeTurn,
    #[msg("the account is not the SlotHashes sysvar")]
    WrongSlotHashes,
    #[msg("the lease has expired")]
    LeaseExpired,
    #[msg("the lease has not expired")]
    LeaseRunning,
    #[msg("a stage ends at 1 to the number of operators")]
    InvalidStage,
    #[msg("the outcome is 3 (settled) or 6 (voided)")]
    InvalidOutcome,
    #[msg("the vault is not this job's")]
    WrongVault,
    #[msg("the job's escrow is still open")]
    EscrowOpen,
    #[msg("the job's verdict is still open")]
    VerdictOpen,
    #[msg("the market already stands at this epoch")]
    MarketCurrent,
    #[msg("the market is read from all 16 shards, in order")]
    WrongShards,
    #[msg("shards are numbered 0 to 15")]
    InvalidShard,
}

/// None from checked arithmetic becomes the program's error.
pub trait Checked<T> {
    fn checked(self) -> Result<T>;
}

impl<T> Checked<T> for Option<T> {
    fn checked(self) -> Result<T> {
        self.ok_or_else(|| RegistryError::Overflow.into())
    }
}
