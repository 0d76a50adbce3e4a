use anchor_lang::prelude::*;

#[error_code(offset = 6100)]
pub enum EscrowError {
    #[msg("Only the deployer compiled into the program may initialize it")]
    NotDeployer,
    #[msg("The arithmetic overflows")]
    Overflow,
    #[msg("Fee vaults are numbered from 0 to 15")]
    ShardOutOfRange,
    #[msg("The job account does not match this buyer and id")]
    WrongJob,
    #[msg("The job has been posted")]
    JobExists,
    #[msg("The price must be above zero")]
    ZeroPrice,
    #[msg("The account belongs to another owner")]
    WrongOwner,
    #[msg("The account is not an SPL Token account of the configured mint")]
    WrongTokenAccount,
    #[msg("The account is not the vault of this escrow or shard")]
    WrongVault,
    #[msg("The token balances did not change by exactly the amount")]
    TokenDelta,
    #[msg("Only the program in charge of this step may call it")]
    WrongCaller,
    #[msg("The escrow is final")]
    AlreadyFinal,
    #[msg("The escrow is not final yet")]
    NotFinal,
    #[msg("Credits and fee exceed the locked amount")]
    ExceedsLocked,
    #[msg("The escrow has no room for another party")]
    TooManyCredits,
    #[msg("The tip exceeds the tips that are locked")]
    TipExceedsTips,
    #[msg("The escrow has no such credit")]
    UnknownCredit,
    #[msg("The credit has been paid")]
    AlreadyPaid,
    #[msg("There is nothing to collect")]
    NothingToCollect,
    #[msg("Nothing is left for the buyer yet")]
    NothingToReclaim,
    #[msg("The vault holds less than is owed")]
    ExceedsVault,
    #[msg("The terms are not the current ones, or not those of the job or task")]
    WrongTerms,
    #[msg("There is nothing to burn")]
    NothingToBurn,
}
