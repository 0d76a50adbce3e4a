use anchor_lang::prelude::*;

#[error_code(offset = 6400)]
#[derive(PartialEq, Eq)]
pub enum RedundancyError {
    #[msg("The signer may not call this instruction")]
    Unauthorized,
    #[msg("The arithmetic overflows")]
    Overflow,
    #[msg("A URL must have 1 to 96 printable ASCII characters, padded with zeros")]
    InvalidUrl,
    #[msg("The element type must be 0 (bytes), 1 (f16), 2 (f32) or 3 (i32)")]
    UnknownElement,
    #[msg("An output must have 1 to 2^30 bytes and a whole number of elements")]
    InvalidOutput,
    #[msg("A tolerance must be finite and not negative, and zero for bytes")]
    InvalidTolerance,
    #[msg("n and max_runs must be 3, 5 or 7, and max_runs at least n")]
    InvalidRunCount,
    #[msg("The task id is not the buyer's next one")]
    WrongTaskId,
    #[msg("The escrow belongs to another task or buyer")]
    WrongEscrow,
    #[msg("The escrow is final")]
    EscrowFinal,
    #[msg("The escrow does not match the task's terms")]
    EscrowMismatch,
    #[msg("The task is not in the state that this instruction needs")]
    WrongState,
    #[msg("The deadline of the task's state has passed")]
    DeadlinePassed,
    #[msg("The deadline of the task's state has not passed yet")]
    DeadlineAhead,
    #[msg("A buyer cannot run its own task")]
    BuyerIsProvider,
    #[msg("The provider runs this task already")]
    AlreadyJoined,
    #[msg("The provider's turn has not come yet")]
    BeforeTurn,
    #[msg("The account is not the SlotHashes sysvar")]
    WrongSlotHashes,
    #[msg("Only the owner of the position or its operator may do this")]
    NotOperator,
    #[msg("The free stake that stood before the task is too low for its price")]
    StandingTooLow,
    #[msg("The owner of the position does not run this task")]
    NotJoined,
    #[msg("No run has this index")]
    NoSuchRun,
    #[msg("The run has been committed already, or was silent")]
    AlreadyCommitted,
    #[msg("The run has not been committed, or has been revealed already")]
    NothingToReveal,
    #[msg("Root and salt do not hash to the commitment")]
    WrongReveal,
    #[msg("The task is not waiting for this run")]
    NothingToExpire,
    #[msg("The run was not revealed")]
    NotRevealed,
    #[msg("The run has already been compared in this round")]
    AlreadyCompared,
    #[msg("A run can agree only with other runs that are revealed")]
    InvalidAgreement,
    #[msg("The account belongs to another provider's run or to another task")]
    WrongRun,
    #[msg("The account is not the fee vault of the task's shard")]
    WrongVault,
    #[msg("The accounts of the provider that is freed are missing")]
    FreedRunMissing,
    #[msg("The task has not ended")]
    TaskNotEnded,
    #[msg("The bond has been released already")]
    AlreadyReleased,
    #[msg("A run's bond has not been released")]
    BondsUnreleased,
    #[msg("The task's escrow is still open")]
    EscrowOpen,
    #[msg("The terms are not the current ones, or not those of the task")]
    WrongTerms,
    #[msg("The price is below the minimum of the terms")]
    PriceTooLow,
    #[msg("The tip is below the minimum of the terms")]
    TipTooLow,
}

/// Turns the `None` of checked arithmetic into this program's error.
pub trait Checked<T> {
    fn checked(self) -> Result<T>;
}

impl<T> Checked<T> for Option<T> {
    fn checked(self) -> Result<T> {
        Ok(self.ok_or(RedundancyError::Overflow)?)
    }
}
