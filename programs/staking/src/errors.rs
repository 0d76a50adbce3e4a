use anchor_lang::prelude::*;
use protocol::economics::Weakness;

#[error_code(offset = 6000)]
pub enum StakingError {
    #[msg("Only the deployer compiled into the program may initialize it")]
    NotDeployer,
    #[msg("Only the pool's authority may do this")]
    NotAuthority,
    #[msg("A parameter is outside its range")]
    InvalidParams,
    #[msg("The arithmetic overflows")]
    Overflow,
    #[msg("The amount must be above zero")]
    ZeroAmount,
    #[msg("The account belongs to another owner")]
    WrongOwner,
    #[msg("The account is not the vault of this pool")]
    WrongVault,
    #[msg("The account is not an SPL Token account of the pool's mint")]
    WrongTokenAccount,
    #[msg("The token balances did not change by exactly the amount")]
    TokenDelta,
    #[msg("The amount exceeds the stake that is free of exposures")]
    InsufficientFreeStake,
    #[msg("The ticket is not available yet")]
    StillUnbonding,
    #[msg("No rewards are owed")]
    NothingToClaim,
    #[msg("No emission is due, or its vault is empty")]
    NothingToEmit,
    #[msg("The calling program may not do this to an exposure")]
    WrongCaller,
    #[msg("The exposure has been released")]
    AlreadyReleased,
    #[msg("The exposure has been slashed")]
    AlreadySlashed,
    #[msg("A slash is at most the amount exposed")]
    SlashExceedsExposure,
    #[msg("The exposure belongs to another position")]
    WrongExposure,
    #[msg("Seats are numbered from 0 to 1,023")]
    SeatOutOfRange,
    #[msg("The position already has a seat")]
    AlreadySeated,
    #[msg("The position has no such seat, or has vacated it")]
    NotSeated,
    #[msg("The stake is below a verifier's minimum")]
    BelowVerifierMinimum,
    #[msg("The seat may still be drawn from a snapshot")]
    SeatStillDrawable,
    #[msg("This epoch's snapshot has been taken")]
    SnapshotTaken,
    #[msg("The account is not the snapshot of this epoch's parity")]
    WrongSnapshot,
    #[msg("slash_burn_bps or kappa is zero: a cheat would lose nothing")]
    StakeTooLow,
    #[msg("p_floor is too low: p_floor (1 + slash_burn * kappa) must exceed 1, or cheating pays")]
    SamplingTooLow,
    #[msg("collusion is too high: p_floor (1 - collusion) (1 + slash_burn * kappa) must exceed 1, or cheating pays")]
    CollusionTooHigh,
    #[msg("lazy is too high: p_floor (1 - collusion) (1 - lazy) (1 + slash_burn * kappa) must exceed 1, or cheating pays")]
    LazinessTooHigh,
    #[msg("Honest verifiers must be a majority: (1 - collusion) (1 - lazy) must exceed one half")]
    HonestMinority,
    #[msg("The exposure has already earned its catch")]
    AlreadyCaught,
    #[msg("trap_rate * slash_burn * ballot_exposure must exceed check_cost, or accepting without checking pays")]
    TrapsTooWeak,
    #[msg("A parameter is outside its bounds")]
    OutOfBounds,
    #[msg("A parameter may fall to half and rise to double of its present value at most")]
    StepTooLarge,
    #[msg("Windows to claim or join must be within five checkpoint windows, and longest waits within them and at least 32 times the average")]
    WindowsTooLong,
    #[msg("Half of min_verifier_stake must cover ballot_exposure and silence_fee")]
    CollateralTooLow,
    #[msg("The terms are not the ones that this step needs")]
    WrongTerms,
    #[msg("The change has not waited long enough yet")]
    StillQueued,
    #[msg("The change has waited too long and must be queued again")]
    QueueLapsed,
    #[msg("Nothing is queued")]
    NothingQueued,
    #[msg("The collateral that no ballot holds is too low")]
    InsufficientCollateral,
    #[msg("Ballots still hold collateral")]
    BallotsOpen,
    #[msg("The operator's exposures would exceed its budget")]
    OperatorBudgetExceeded,
    #[msg("Only the owner or its operator may do this")]
    NotOperator,
    #[msg("The seat's collateral is at least half of the minimum")]
    SufficientlyCollateralised,
    #[msg("A bid must exceed the weight that it displaces by a quarter")]
    BidTooLow,
    #[msg("A seat is free, so nobody needs to be displaced")]
    SeatsFree,
    #[msg(
        "The account of the seat's heir, or of the bid that this one exceeds, is missing or wrong"
    )]
    WrongHeir,
}

impl From<Weakness> for StakingError {
    fn from(weakness: Weakness) -> Self {
        match weakness {
            Weakness::Stake => Self::StakeTooLow,
            Weakness::Sampling => Self::SamplingTooLow,
            Weakness::Collusion => Self::CollusionTooHigh,
            Weakness::Laziness => Self::LazinessTooHigh,
            Weakness::Minority => Self::HonestMinority,
        }
    }
}
