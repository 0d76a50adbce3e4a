//! Stake: how much each party has, how much of it is at risk for which job, and what it earns.
//!
//! A holder opens a position and stakes into it. Stake earns a share of every slot's rewards in
//! proportion to its amount, and leaves through a ticket that waits out the unbonding period. Stake
//! in an exposure cannot leave. A provider's or verifier's part in a job locks an exposure with the
//! signatures of the owner and of the program in charge. An exposure ends by release, by forfeiting
//! its bond for an objective timeout, or by a slash, which only verdict can order and only once.
//!
//! Verifiers take a seat, whose weight is stake times catch rate. The catch rate tells how far a
//! verifier is trusted to notice a wrong result. It starts at one half, gains a sixteenth of its
//! distance to 1 for each rejected fraud, and falls to a quarter with a slash. Every change of a
//! seat's weight updates one tree. Anybody copies it once per epoch into one of two snapshots, from
//! which verdict draws. A vacated seat stays reserved until no snapshot contains it.
//!
//! Rewards stream linearly from fees and from an emission that halves. The stream pauses while
//! nobody stakes.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod calls;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::Params;

declare_id!(protocol::addresses::STAKING);
protocol::security!("Neurolov staking");

#[program]
pub mod staking {
    use super::*;

    /// Creates the pool of all stake and the vault that holds it.
    ///
    /// Caller: the deployer. When: once.
    /// - `params`: units at the fields of `Params`.
    /// - `authority`: the key that may set the parameters from then on.
    pub fn initialize(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
        Initialize::handler(ctx, params, authority)
    }

    /// Creates the vaults of rewards and of the emission. The emission counts from this slot.
    ///
    /// Caller: the deployer. When: once, after `initialize`.
    pub fn initialize_rewards(ctx: Context<InitializeRewards>) -> Result<()> {
        InitializeRewards::handler(ctx)
    }

    /// Creates the tree of verifier seats and its two snapshots.
    ///
    /// Caller: the deployer. When: once.
    pub fn initialize_draw(ctx: Context<InitializeDraw>) -> Result<()> {
        InitializeDraw::handler(ctx)
    }

    /// Replaces the parameters. Refuses a burned share of slashes under which cheating, or
    /// accepting without checking, would pay.
    ///
    /// Caller: the authority. When: at any time.
    /// - `params`: units at the fields of `Params`.
    pub fn set_params(ctx: Context<SetParams>, params: Params) -> Result<()> {
        SetParams::handler(ctx, params)
    }

    /// Hands the authority over.
    ///
    /// Caller: the authority, and the new one signs too. When: at any time.
    pub fn set_authority(ctx: Context<SetAuthority>) -> Result<()> {
        SetAuthority::handler(ctx)
    }

    /// Creates an empty position.
    ///
    /// Caller: anybody, for itself; the signer pays the rent. When: once per owner.
    pub fn open_position(ctx: Context<OpenPosition>) -> Result<()> {
        OpenPosition::handler(ctx)
    }

    /// Moves tokens into the pool's vault and adds them to a position.
    ///
    /// Caller: the owner of the position. When: at any time; a position with a seat needs the tree
    /// of seats.
    /// - `amount`: base units of $NLOV, more than 0.
    pub fn stake(ctx: Context<Stake>, amount: u64) -> Result<()> {
        Stake::handler(ctx, amount)
    }

    /// Takes free stake out of a position and creates a ticket for it. The amount stops earning
    /// now.
    ///
    /// Caller: the owner of the position. When: at any time; stake that exposures hold cannot
    /// leave.
    /// - `amount`: base units of $NLOV, more than 0.
    pub fn request_unstake(ctx: Context<RequestUnstake>, amount: u64) -> Result<()> {
        RequestUnstake::handler(ctx, amount)
    }

    /// Pays a ticket to a token account of its owner and closes it.
    ///
    /// Caller: the owner of the ticket. When: from the ticket's available slot on.
    pub fn withdraw(ctx: Context<Withdraw>) -> Result<()> {
        Withdraw::handler(ctx)
    }

    /// Pays the rewards that a position has earned.
    ///
    /// Caller: the owner of the position. When: whenever there are any.
    pub fn claim_rewards(ctx: Context<ClaimRewards>) -> Result<()> {
        ClaimRewards::handler(ctx)
    }

    /// Adds tokens to the stream of rewards.
    ///
    /// Caller: anybody who owns the source account. When: after `initialize_rewards`.
    /// - `amount`: base units of $NLOV, more than 0.
    pub fn fund_rewards(ctx: Context<FundRewards>, amount: u64) -> Result<()> {
        FundRewards::handler(ctx, amount)
    }

    /// Adds tokens to the amount that the emission schedule hands out.
    ///
    /// Caller: anybody who owns the source account. When: after `initialize_rewards`.
    /// - `amount`: base units of $NLOV, more than 0.
    pub fn fund_emission(ctx: Context<FundEmission>, amount: u64) -> Result<()> {
        FundEmission::handler(ctx, amount)
    }

    /// Moves the emission that is due into the stream of rewards. The amount that its vault lacks
    /// is forgone.
    ///
    /// Caller: anybody. When: whenever some is due.
    pub fn emit_rewards(ctx: Context<EmitRewards>) -> Result<()> {
        EmitRewards::handler(ctx)
    }

    /// Exposes free stake to a job: it cannot leave until the exposure is released. Creates the
    /// exposure's account.
    ///
    /// Caller: the registry, verdict or redundancy by their signers; the owner of the position
    /// signs too. When: once per owner and job.
    /// - `amount`: base units of stake that a slash can take.
    /// - `bond`: base units of stake that a timeout can take.
    pub fn lock_exposure(ctx: Context<LockExposure>, amount: u64, bond: u64) -> Result<()> {
        LockExposure::handler(ctx, amount, bond)
    }

    /// Frees what an exposure still holds. Without `close` the account stays and keeps its owner
    /// from another exposure to the same job.
    ///
    /// Caller: the program that locked the exposure. When: once; with `close` also later, to close
    /// the account.
    /// - `close`: whether to close the account and return its rent to the owner.
    pub fn unlock_exposure(ctx: Context<UnlockExposure>, close: bool) -> Result<()> {
        UnlockExposure::handler(ctx, close)
    }

    /// Sends an exposure's bond to another token account. A bond that is zero or was forfeited
    /// before moves nothing.
    ///
    /// Caller: the program that locked the exposure, or verdict. When: while the exposure is
    /// locked.
    pub fn forfeit_bond(ctx: Context<ForfeitBond>) -> Result<()> {
        ForfeitBond::handler(ctx)
    }

    /// Takes stake that an exposure holds: a share is burned, and the rest is sent to the
    /// destination. Divides the owner's catch rate by 4.
    ///
    /// Caller: verdict. When: once per exposure, while it is locked.
    /// - `amount`: base units of stake, more than 0 and at most what the exposure holds besides its
    ///   bond.
    pub fn slash(ctx: Context<Slash>, amount: u64) -> Result<()> {
        Slash::handler(ctx, amount)
    }

    /// Raises the owner's catch rate for a rejection that a proof confirmed.
    ///
    /// Caller: verdict. When: once per exposure that it locked, before the exposure is released or
    /// slashed.
    pub fn record_catch(ctx: Context<RecordCatch>) -> Result<()> {
        RecordCatch::handler(ctx)
    }

    /// Creates a verifier's seat, which can be drawn from the next snapshot on.
    ///
    /// Caller: the owner of a position with at least the minimum stake of a verifier and without a
    /// seat. When: while the seat is free.
    /// - `index`: number of the seat, below `SEATS`.
    pub fn take_seat(ctx: Context<TakeSeat>, index: u16) -> Result<()> {
        TakeSeat::handler(ctx, index)
    }

    /// Vacates a seat, which has no weight from then on but stays reserved.
    ///
    /// Caller: the owner of the seat. When: while the seat is held.
    pub fn vacate_seat(ctx: Context<VacateSeat>) -> Result<()> {
        VacateSeat::handler(ctx)
    }

    /// Closes a vacated seat, so that others can take it.
    ///
    /// Caller: the owner of the seat. When: `VACATED_EPOCHS` after it was vacated, once no snapshot
    /// contains it.
    pub fn close_seat(ctx: Context<CloseSeat>) -> Result<()> {
        CloseSeat::handler(ctx)
    }

    /// Copies the weights of all seats into the snapshot of this epoch's parity, from which verdict
    /// draws.
    ///
    /// Caller: anybody. When: once per epoch.
    pub fn take_snapshot(ctx: Context<TakeSnapshot>) -> Result<()> {
        TakeSnapshot::handler(ctx)
    }
}
