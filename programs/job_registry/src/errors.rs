use anchor_lang::prelude::*;
use operators::descriptor::Fault;

#[error_code(offset = 6200)]
#[derive(PartialEq, Eq)]
pub enum RegistryError {
    #[msg("the signer is not the authority of this account")]
    Unauthorized,
    #[msg("a number exceeds its range")]
    Overflow,
    #[msg("a URL must have 1 to 96 printable ASCII characters, padded with zeros")]
    InvalidUrl,
    #[msg("ask and max_macs must be at least 1")]
    InvalidCapability,
    #[msg("the staking position belongs to somebody else")]
    WrongPosition,
    #[msg("the seat belongs to somebody else or was vacated")]
    WrongSeat,
    #[msg("the provider still runs a job")]
    ProviderActive,
    #[msg("the graph is sealed")]
    GraphSealed,
    #[msg("the graph is not sealed yet")]
    GraphOpen,
    #[msg("descriptors must have 256 bytes each and not exceed the number that the graph was opened for")]
    BadLength,
    #[msg("the descriptor's version is unknown")]
    BadVersion,
    #[msg("a descriptor field that the operator does not use is not zero")]
    ReservedNotZero,
    #[msg("the descriptor's opcode is unknown")]
    UnknownOpcode,
    #[msg("no operator has these input and output element types")]
    BadDtype,
    #[msg("the operator takes a different number of inputs")]
    BadInputCount,
    #[msg("the operator has a different rounding")]
    BadRounding,
    #[msg("this input may not come from this source")]
    BadInputKind,
    #[msg("the root of a constant is missing")]
    BadRoot,
    #[msg("a descriptor's value is out of range")]
    BadValue,
    #[msg("the per-channel fields contradict each other")]
    BadChannels,
    #[msg("the shapes do not match the operator")]
    BadShape,
    #[msg("the window does not fit")]
    BadWindow,
    #[msg("a tensor exceeds 2^30 stored bytes")]
    TensorLimit,
    #[msg("an output element depends on more than 8,192 bytes")]
    OperandLimit,
    #[msg("an output element's operands lie in more than 16 runs")]
    RunLimit,
    #[msg("the multiply-adds do not match the operator")]
    BadMultiplyAdds,
    #[msg("a graph has 1 to 256 operators")]
    OperatorLimit,
    #[msg("a graph has at most 8 job inputs")]
    InputLimit,
    #[msg(
        "an input's operator is not before its reader, or job inputs are not numbered 0, 1, 2, ..."
    )]
    BadTopology,
    #[msg("an input's shape or type differs from that of its source")]
    OperandMismatch,
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
    #[msg("the escrow does not match the job's terms")]
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
    #[msg("the job has no attempts left")]
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
    #[msg("a stage must end between 1 and the number of operators")]
    InvalidStage,
    #[msg("the outcome must be 3 (settled) or 6 (voided)")]
    InvalidOutcome,
    #[msg("the vault is not this job's")]
    WrongVault,
    #[msg("the job's escrow is still open")]
    EscrowOpen,
    #[msg("the job's verdict is still open")]
    VerdictOpen,
    #[msg("the market has already been rolled to this epoch")]
    MarketCurrent,
    #[msg("all 16 shards must be passed, in order")]
    WrongShards,
    #[msg("shards are numbered 0 to 15, and a job counts in the shard of its address")]
    InvalidShard,
    #[msg("The terms are not the current ones, or not those of the job")]
    WrongTerms,
    #[msg("The price is below the minimum of the terms")]
    PriceTooLow,
    #[msg("The tip is below the minimum of the terms")]
    TipTooLow,
    #[msg("The verification fee does not pay for the collateral that a ballot binds")]
    VerificationFeeTooLow,
}

/// Turns the `None` of checked arithmetic into this program's error.
pub trait Checked<T> {
    fn checked(self) -> Result<T>;
}

impl<T> Checked<T> for Option<T> {
    fn checked(self) -> Result<T> {
        self.ok_or_else(|| RegistryError::Overflow.into())
    }
}

impl From<Fault> for RegistryError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::BadLength => Self::BadLength,
            Fault::BadVersion => Self::BadVersion,
            Fault::ReservedNotZero => Self::ReservedNotZero,
            Fault::UnknownOpcode => Self::UnknownOpcode,
            Fault::BadDtype => Self::BadDtype,
            Fault::BadInputCount => Self::BadInputCount,
            Fault::BadRounding => Self::BadRounding,
            Fault::BadInputKind => Self::BadInputKind,
            Fault::BadRoot => Self::BadRoot,
            Fault::BadValue => Self::BadValue,
            Fault::BadChannels => Self::BadChannels,
            Fault::BadShape => Self::BadShape,
            Fault::BadWindow => Self::BadWindow,
            Fault::TensorLimit => Self::TensorLimit,
            Fault::OperandLimit => Self::OperandLimit,
            Fault::RunLimit => Self::RunLimit,
            Fault::BadMultiplyAdds => Self::BadMultiplyAdds,
            Fault::OperatorLimit => Self::OperatorLimit,
            Fault::InputLimit => Self::InputLimit,
            Fault::BadTopology => Self::BadTopology,
            Fault::OperandMismatch => Self::OperandMismatch,
        }
    }
}
