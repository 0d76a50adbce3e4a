use anchor_lang::prelude::*;
use referee::RefereeError;

#[error_code(offset = 6300)]
pub enum VerdictError {
    #[msg("Signer is not the one this instruction is for")]
    Unauthorized,
    #[msg("Parameters are out of range: windows must be at least 1 slot and answers due within 400, the sampling floor 1 to 10,000 basis points, other shares at most 10,000")]
    InvalidParams,
    #[msg("Verdict is not in the state that this instruction needs")]
    WrongState,
    #[msg("Account belongs to another job")]
    JobMismatch,
    #[msg("Signer does not hold the job's lease")]
    NotLeaseholder,
    #[msg("Only proof kind 0, a trace commitment, is supported")]
    UnsupportedProofKind,
    #[msg("Stage must begin at the job's progress or at operator 0, hold an operator, and end within the graph")]
    InvalidStage,
    #[msg("Verdict holds all the stages it has room for: commit the rest in one, from operator 0")]
    TooManyStages,
    #[msg("Job has not been moved to its verdict by expiry with a partial result")]
    NothingToAdopt,
    #[msg("Draw is not due yet")]
    DrawTooEarly,
    #[msg("Salt does not hash to the buyer's commitment")]
    WrongSalt,
    #[msg("SlotHashes holds no hash for the draw's slot")]
    SlotHashUnavailable,
    #[msg("Both snapshots must be given, each once")]
    SnapshotRepeated,
    #[msg("No ballot has this index")]
    NoSuchBallot,
    #[msg("Ballot was drawn for another seat, or this seat changed hands since")]
    SeatMismatch,
    #[msg("A party to the job cannot judge it")]
    PartyToJob,
    #[msg("Ballot has been cast already")]
    AlreadyCast,
    #[msg("Ballot is not cast, or has been revealed already")]
    NotCast,
    #[msg("The time to cast has passed, or the ballot is of an earlier draw")]
    CastingClosed,
    #[msg("Ballots can be revealed only after the time to cast")]
    RevealTooEarly,
    #[msg("The time to reveal has passed, or the ballot is of an earlier draw")]
    RevealClosed,
    #[msg("Ballot does not hash to its commitment")]
    WrongBallot,
    #[msg("Choice must be 1 accept, 2 reject with a committed operator, or 3 unavailable")]
    InvalidChoice,
    #[msg("Ballots are still open")]
    TallyTooEarly,
    #[msg("The challenge window is still open")]
    WindowOpen,
    #[msg("This outcome does not pay the provider: void it")]
    NotPayable,
    #[msg("This outcome pays the provider: settle it")]
    NotVoidable,
    #[msg("Account is not the blamed provider's")]
    BlameMismatch,
    #[msg("Ballot locked no stake, or has been released already")]
    NothingToRelease,
    #[msg("A ballot still locks its verifier's stake")]
    BallotsUnreleased,
    #[msg("Arithmetic overflow")]
    Overflow,
    #[msg("The element is what the operator gives for its committed operands: no fraud")]
    ElementIsRight,
    #[msg("The element is not what the operator gives for its committed operands")]
    ElementIsWrong,
    #[msg("The graph has no operator of that index")]
    UnknownOperator,
    #[msg("The element lies beyond the output's last leaf")]
    ElementOutOfRange,
    #[msg("No stage holds the operator, or the one whose output is an operand")]
    NotCommitted,
    #[msg("The evidence is shorter or longer than the descriptor and the element demand")]
    WrongLength,
    #[msg("The descriptor is not the graph's, or not one that registration accepts")]
    WrongDescriptor,
    #[msg("The output's leaf or root is not what the stage committed")]
    WrongOutput,
    #[msg("The leaves or the root of an operand are not what was committed")]
    WrongOperand,
    #[msg("The graph's own per-channel table holds a multiplier or shift out of range")]
    Unprovable,
    #[msg("A proof is taken until the verdict's window ends, and once a job")]
    ProofClosed,
    #[msg("Neither a revealed rejection nor a ticket of the challenger names this element")]
    NoRightToProve,
    #[msg("A ticket gives the right to prove two slots after it was placed")]
    TicketTooYoung,
    #[msg("Buffer must be a new account of exactly 112 bytes and the evidence, at most 16,384")]
    BufferSize,
    #[msg("Bytes lie outside the buffer")]
    OutOfBounds,
    #[msg("No proof has found a fraud in this job")]
    NoFraud,
    #[msg("The stake has been slashed already")]
    AlreadySlashed,
    #[msg("Slash the provider first")]
    ProviderUnslashed,
    #[msg("The ballot did not accept")]
    BallotDidNotAccept,
    #[msg("Slash the ballot first: it accepted what was proved wrong")]
    BallotUnslashed,
    #[msg("The time to answer has passed")]
    AnswersClosed,
    #[msg("The time to answer has not passed")]
    AnswersOpen,
    #[msg("Questions are numbered from 0 to 7")]
    NoSuchQuestion,
    #[msg("Question has been answered already")]
    AlreadyAnswered,
    #[msg("p_floor (1 - collusion) (1 - lazy) (1 + slash_burn * kappa) must exceed 1: raise p_floor_bps, slash_burn_bps or kappa, or lower collusion_bps or lazy_bps")]
    DeterrenceTooWeak,
}

impl From<RefereeError> for VerdictError {
    fn from(error: RefereeError) -> Self {
        match error {
            RefereeError::UnknownOperator => Self::UnknownOperator,
            RefereeError::ElementOutOfRange => Self::ElementOutOfRange,
            RefereeError::NotCommitted => Self::NotCommitted,
            RefereeError::WrongLength => Self::WrongLength,
            RefereeError::WrongDescriptor => Self::WrongDescriptor,
            RefereeError::WrongOutput => Self::WrongOutput,
            RefereeError::WrongOperand(_) => Self::WrongOperand,
            RefereeError::Unprovable => Self::Unprovable,
        }
    }
}

/// Turns the `None` of checked arithmetic into this program's error.
pub trait Checked<T> {
    fn checked(self) -> Result<T>;
}

impl<T> Checked<T> for Option<T> {
    fn checked(self) -> Result<T> {
        Ok(self.ok_or(VerdictError::Overflow)?)
    }
}
