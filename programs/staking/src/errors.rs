use anchor_lang::prelude::*;

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
    #[msg("The position holds a seat, so its change needs the verifier tree")]
    VerifierTreeMissing,
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
    #[msg("slash_burn_bps is too low: p_floor (1 - collusion) (1 - lazy) (1 + slash_burn * kappa) must exceed 1, or cheating pays")]
    SlashBurnTooLow,
    #[msg("The account is not the one in which another program holds its parameters")]
    WrongConfig,
    #[msg("The exposure has already earned its catch")]
    AlreadyCaught,
    #[msg("slash_burn_bps is too low: trap_rate * slash_burn * ballot_exposure must exceed check_cost, or accepting without checking pays")]
    TrapsTooWeak,
}
