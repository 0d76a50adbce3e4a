use anchor_lang::prelude::*;
use referee::RefereeError;

#[error_code(offset = 6300)]
pub enum VerdictError {
    #[msg("The signer may not call this instruction")]
    Unauthorized,
    #[msg("The verdict is not in the state that this instruction needs")]
    WrongState,
    #[msg("The account belongs to another job")]
    JobMismatch,
    #[msg("The signer does not hold the job's lease")]
    NotLeaseholder,
    #[msg("Only proof kind 0, a trace commitment, is supported")]
    UnsupportedProofKind,
    #[msg("The stage must begin at the job's progress or at operator 0, hold an operator, and end within the graph")]
    InvalidStage,
    #[msg("The verdict has no room for another stage: commit everything in one stage, from operator 0")]
    TooManyStages,
    #[msg("The registry has not expired the job with a partial result")]
    NothingToAdopt,
    #[msg("The draw is not due yet")]
    DrawTooEarly,
    #[msg("The salt does not hash to the buyer's commitment")]
    WrongSalt,
    #[msg("SlotHashes holds no hash for the draw's slot")]
    SlotHashUnavailable,
    #[msg("Both snapshots must be passed, once each")]
    SnapshotRepeated,
    #[msg("No ballot has this index")]
    NoSuchBallot,
    #[msg("The ballot was drawn for another seat, or the seat has changed hands since")]
    SeatMismatch,
    #[msg("A party to the job cannot judge it")]
    PartyToJob,
    #[msg("The ballot has been cast already")]
    AlreadyCast,
    #[msg("The ballot has not been cast, or has been revealed already")]
    NotCast,
    #[msg("The time to cast has passed, or the ballot belongs to an earlier draw")]
    CastingClosed,
    #[msg("Ballots can be revealed only after the time to cast")]
    RevealTooEarly,
    #[msg("The time to reveal has passed, or the ballot belongs to an earlier draw")]
    RevealClosed,
    #[msg("The ballot does not hash to its commitment")]
    WrongBallot,
    #[msg(
        "The choice must be 1 (accept), 2 (reject, with a committed operator) or 3 (unavailable)"
    )]
    InvalidChoice,
    #[msg("Ballots are still open")]
    TallyTooEarly,
    #[msg("The challenge window is still open")]
    WindowOpen,
    #[msg("This outcome does not pay the provider: void it")]
    NotPayable,
    #[msg("This outcome pays the provider: settle it")]
    NotVoidable,
    #[msg("The account is not the blamed provider's")]
    BlameMismatch,
    #[msg("The ballot locked no stake, or has been released already")]
    NothingToRelease,
    #[msg("A ballot still locks its verifier's stake")]
    BallotsUnreleased,
    #[msg("The arithmetic overflows")]
    Overflow,
    #[msg("The account's size does not match its header and the evidence's length")]
    BufferLength,
    #[msg("The bytes would lie beyond the end of the buffer")]
    BeyondBuffer,
    #[msg("The ticket is for another operator, element or salt")]
    WrongTicket,
    #[msg("The ticket must be at least two slots old")]
    TicketTooYoung,
    #[msg(
        "Only a verifier whose revealed ballot rejects this element may prove it without a ticket"
    )]
    NotEntitled,
    #[msg("This result can no longer be challenged")]
    ChallengeClosed,
    #[msg("A fraud in this job has already been proven")]
    AlreadyProven,
    #[msg("No fraud in this job has been proven")]
    NotProven,
    #[msg("The element is correct: nobody is slashed")]
    ElementIsRight,
    #[msg("The graph has no operator with this index")]
    UnknownOperator,
    #[msg("The element lies beyond the operator's output")]
    ElementOutOfRange,
    #[msg("No stage holds the operator or an operator whose output it reads")]
    NotCommitted,
    #[msg("The evidence is shorter or longer than this element demands")]
    WrongLength,
    #[msg("The descriptor differs from the registered one")]
    WrongDescriptor,
    #[msg("The output's leaf or root differs from the committed one")]
    WrongOutput,
    #[msg("An operand's leaves or root differ from the committed ones")]
    WrongOperand,
    #[msg("The graph's own table of multipliers and shifts is out of range")]
    Unprovable,
    #[msg("The stake has been slashed already")]
    AlreadySlashed,
    #[msg("The convicted provider must be slashed first")]
    ProviderUnslashed,
    #[msg("Only a revealed ballot that accepts can be slashed")]
    NotAnAcceptance,
    #[msg("The ballot accepted what was proven wrong: slash it first")]
    BallotUnslashed,
    #[msg("The time to answer has passed")]
    AnswersClosed,
    #[msg("The time to answer has not passed")]
    AnswersOpen,
    #[msg("Questions are numbered from 0 to 7")]
    NoSuchQuestion,
    #[msg("The question has been answered already")]
    AlreadyAnswered,
    #[msg("The element is wrong and answers nothing")]
    ElementIsWrong,
    #[msg("This salt does not open the job's trap for the convicted provider and operator")]
    WrongTrap,
    #[msg("The time to open a trap has passed")]
    TrapClosed,
    #[msg("The job may still turn out to be a trap: slash its provider once that time has passed")]
    TrapOpen,
    #[msg("Other providers committed stages of this job, so it is not a trap")]
    TrapShared,
    #[msg("The buyer may ask only while a result that it would pay for is in its window")]
    DemandClosed,
    #[msg("The data has been asked for already: this is possible once per job")]
    AlreadyAsked,
    #[msg("The terms are not those of the job")]
    WrongTerms,
    #[msg("The ballot was cast, declined or reported, or a proof ended casting")]
    NotSilent,
    #[msg("The verifier can still cast its ballot")]
    CastingOpen,
    #[msg("The verifier's collateral has room for the ballot")]
    RoomForBallot,
    #[msg("A verifier's silence must be reported first")]
    SilenceUnreported,
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
