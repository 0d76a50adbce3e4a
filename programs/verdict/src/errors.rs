use anchor_lang::prelude::*;
use protocol::economics::Weakness;
use referee::RefereeError;

#[error_code(offset = 6300)]
pub enum VerdictError {
    #[msg("Signer is not the one this instruction is for")]
    Unauthorized,
    #[msg("Parameters are out of range: windows must be at least 1 slot, answer_slots 4 to 400, the sampling floor 1 to 10,000 basis points, other shares at most 10,000")]
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
    #[msg("Account does not hold the evidence's length behind its header")]
    BufferLength,
    #[msg("Bytes would lie beyond the end of the buffer")]
    BeyondBuffer,
    #[msg("Ticket is of another operator, element or salt")]
    WrongTicket,
    #[msg("Ticket must have stood for two slots")]
    TicketTooYoung,
    #[msg(
        "Only a verifier whose revealed ballot rejects this element may prove it without a ticket"
    )]
    NotEntitled,
    #[msg("This result can no longer be challenged")]
    ChallengeClosed,
    #[msg("Fraud of this job has been proven")]
    AlreadyProven,
    #[msg("No fraud of this job has been proven")]
    NotProven,
    #[msg("The element is what the operator gives: nobody is slashed")]
    ElementIsRight,
    #[msg("The graph has no operator of this index")]
    UnknownOperator,
    #[msg("The element lies beyond the operator's output")]
    ElementOutOfRange,
    #[msg("No stage holds the operator, or one whose output it reads")]
    NotCommitted,
    #[msg("The evidence is shorter or longer than this element demands")]
    WrongLength,
    #[msg("The descriptor is not the one registered")]
    WrongDescriptor,
    #[msg("The output's leaf or root is not what was committed")]
    WrongOutput,
    #[msg("An operand's leaves or root are not what was committed")]
    WrongOperand,
    #[msg("The graph's own table of multipliers and shifts is out of range")]
    Unprovable,
    #[msg("Stake has been slashed for this already")]
    AlreadySlashed,
    #[msg("The convicted provider must be slashed first")]
    ProviderUnslashed,
    #[msg("Only a revealed ballot that accepts can be slashed")]
    NotAnAcceptance,
    #[msg("The ballot accepted what was proven wrong: slash it first")]
    BallotUnslashed,
    #[msg(
        "slash_burn_bps or kappa is zero: nothing is lost by cheating, however often it is caught"
    )]
    StakeTooLow,
    #[msg(
        "p_floor_bps is too low: p_floor (1 + slash_burn * kappa) must exceed 1, or cheating pays"
    )]
    FloorTooLow,
    #[msg("collusion_bps is too high: p_floor (1 - collusion) (1 + slash_burn * kappa) must exceed 1, or cheating pays")]
    CollusionTooHigh,
    #[msg("lazy_bps is too high: p_floor (1 - collusion) (1 - lazy) (1 + slash_burn * kappa) must exceed 1, or cheating pays")]
    LazinessTooHigh,
    #[msg("The time to answer has passed")]
    AnswersClosed,
    #[msg("The time to answer has not passed")]
    AnswersOpen,
    #[msg("Questions are numbered from 0 to 7")]
    NoSuchQuestion,
    #[msg("Question has been answered already")]
    AlreadyAnswered,
    #[msg("The element is not what the operator gives: this answers nothing")]
    ElementIsWrong,
    #[msg("trap_rate * slash_burn * ballot_exposure must exceed check_cost, or accepting unchecked pays: raise trap_rate_bps, slash_burn_bps or ballot_exposure")]
    TrapsTooWeak,
    #[msg(
        "The job's trap does not open with this salt for the provider and operator proven wrong"
    )]
    WrongTrap,
    #[msg("The time to open a trap has passed")]
    TrapClosed,
    #[msg("The job may still turn out to be a trap: slash its provider once that time has passed")]
    TrapOpen,
    #[msg("Others committed stages of this job: what they share is no trap")]
    TrapShared,
    #[msg("The buyer may ask only while a result that it would pay for is in its window")]
    DemandClosed,
    #[msg("The data has been asked for already: once a job")]
    AlreadyAsked,
    #[msg("collusion_bps or lazy_bps is too high: (1 - collusion) (1 - lazy) must exceed 1/2, or withheld data is not noticed")]
    HonestMinority,
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

impl From<Weakness> for VerdictError {
    fn from(weakness: Weakness) -> Self {
        match weakness {
            Weakness::Stake => Self::StakeTooLow,
            Weakness::Sampling => Self::FloorTooLow,
            Weakness::Collusion => Self::CollusionTooHigh,
            Weakness::Laziness => Self::LazinessTooHigh,
            Weakness::Minority => Self::HonestMinority,
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
