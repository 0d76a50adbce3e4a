//! Stake: how much each party has, how much of it is at risk for which job, and what it earns.
//!
//! A holder opens a position and stakes into it. Stake earns a share of every slot's rewards in
//! proportion to its amount, and leaves through a ticket that waits out the unbonding period. Stake
//! in an exposure cannot leave. A provider's or verifier's part in a job locks an exposure with the
//! signatures of the owner and of the program in charge. An exposure ends by release, by forfeiting
//! its bond for an objective timeout, or by a slash, which only verdict can order and only once.
//!
//! Weights count what stood before the dice fell: a position and the pool remember their amounts at
//! the beginning of the latest windows, and a claim counts the stake of the window in which its job
//! was posted and of the window before it.
//!
//! Verifiers take a seat by binding collateral to it, which backs ballots and nothing else. A seat's
//! weight is collateral times catch rate. The catch rate tells how far a verifier is trusted to
//! notice a wrong result. It starts at one half, gains a sixteenth of its distance to 1 for each
//! rejected fraud, and falls to a quarter with a slash. Every change of a seat's weight updates one
//! tree. Anybody copies it once per epoch into one of two snapshots, from which verdict draws. A
//! vacated seat stays reserved, and its collateral bound, until no snapshot contains it. When all
//! seats are taken, a newcomer displaces a holder by a quarter more weight.
//!
//! An owner can name an operator: a key that exposes stake to jobs within a budget, which its losses
//! lower. Everything else needs the owner's key.
//!
//! All parameters of all programs stand in numbered terms. New terms are queued, wait until everybody
//! who disagrees can have left, and never apply to work that was posted before.
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
use state::Parameters;

declare_id!(protocol::addresses::STAKING);
protocol::security!("Neurolov staking");

#[program]
pub mod staking {
    use super::*;

    /// Creates the pool of all stake, the vault that holds it, and version 0 of the terms.
    ///
    /// Caller: the deployer. When: once.
    /// - `parameters`: the parameters of all programs; units at their fields.
    /// - `checkpoint_slots`: slots per window, for ever.
    /// - `authority`: the key that may queue terms from then on.
    pub fn initialize(
        ctx: Context<Initialize>,
        parameters: Parameters,
        checkpoint_slots: u64,
        authority: Pubkey,
    ) -> Result<()> {
        Initialize::handler(ctx, parameters, checkpoint_slots, authority)
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

    /// Queues the next terms. Refuses parameters outside their bounds, further than half or double
    /// from the present ones, or under which cheating, or accepting without checking, would pay.
    ///
    /// Caller: the authority, which pays the rent. When: while no terms are queued.
    /// - `version`: the present version plus 1.
    /// - `parameters`: the parameters of all programs; units at their fields.
    pub fn queue_terms(
        ctx: Context<QueueTerms>,
        version: u16,
        parameters: Parameters,
    ) -> Result<()> {
        QueueTerms::handler(ctx, version, parameters)
    }

    /// Makes queued terms the current ones. Work that was posted before keeps its terms.
    ///
    /// Caller: anybody. When: after the unbonding period and `QUEUED_WINDOWS` windows, within one
    /// further delay of the same length.
    pub fn apply_terms(ctx: Context<ApplyTerms>) -> Result<()> {
        ApplyTerms::handler(ctx)
    }

    /// Closes queued terms.
    ///
    /// Caller: the authority; anybody once the terms have lapsed. When: before they are applied.
    pub fn cancel_terms(ctx: Context<CancelTerms>) -> Result<()> {
        CancelTerms::handler(ctx)
    }

    /// Queues a handover of the authority, which replaces one that is queued already.
    ///
    /// Caller: the authority, and the new one signs too. When: at any time.
    pub fn queue_authority(ctx: Context<QueueAuthority>) -> Result<()> {
        QueueAuthority::handler(ctx)
    }

    /// Completes a handover of the authority.
    ///
    /// Caller: anybody. When: after the unbonding period and `QUEUED_WINDOWS` windows.
    pub fn apply_authority(ctx: Context<ApplyAuthority>) -> Result<()> {
        ApplyAuthority::handler(ctx)
    }

    /// Names the key that may expose stake to jobs for the owner. It can never unstake, withdraw,
    /// take or leave a seat, vote or name another operator.
    ///
    /// Caller: the owner of the position. When: at any time.
    /// - `operator`: another key than the owner's; the default key for none.
    /// - `budget`: base units of stake that the operator may have exposed at once. What it loses is
    ///   subtracted.
    pub fn set_operator(ctx: Context<SetOperator>, operator: Pubkey, budget: u64) -> Result<()> {
        SetOperator::handler(ctx, operator, budget)
    }

    /// Creates an empty position.
    ///
    /// Caller: anybody, for itself; the signer pays the rent. When: once per owner.
    pub fn open_position(ctx: Context<OpenPosition>) -> Result<()> {
        OpenPosition::handler(ctx)
    }

    /// Moves tokens into the pool's vault and adds them to a position.
    ///
    /// Caller: the owner of the position. When: at any time.
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
    /// stays owed.
    ///
    /// Caller: anybody. When: whenever some is due.
    pub fn emit_rewards(ctx: Context<EmitRewards>) -> Result<()> {
        EmitRewards::handler(ctx)
    }

    /// Exposes free stake to a job: it cannot leave until the exposure is released. Creates the
    /// exposure's account.
    ///
    /// Caller: the registry, verdict or redundancy by their signers; the owner of the position or
    /// its operator signs too and pays the rent. When: once per owner and job.
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
    /// - `close`: whether to close the account and return its rent to whoever paid it.
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
    /// - `burn_bps`: burned share in basis points, by the terms of the job.
    pub fn slash(ctx: Context<Slash>, amount: u64, burn_bps: u64) -> Result<()> {
        Slash::handler(ctx, amount, burn_bps)
    }

    /// Takes a fine out of the collateral that no ballot holds, or what there is of it.
    ///
    /// Caller: verdict. When: a drawn verifier neither cast nor declined its ballot.
    /// - `fine`: base units of stake.
    pub fn fine(ctx: Context<Fine>, fine: u64) -> Result<()> {
        Fine::handler(ctx, fine)
    }

    /// Raises the owner's catch rate for a rejection that a proof confirmed.
    ///
    /// Caller: verdict. When: once per exposure that it locked, before the exposure is released or
    /// slashed.
    pub fn record_catch(ctx: Context<RecordCatch>) -> Result<()> {
        RecordCatch::handler(ctx)
    }

    /// Creates a verifier's seat, which can be drawn from the next snapshot on, and binds collateral
    /// to it.
    ///
    /// Caller: the owner of a position without a seat. When: while the seat is free.
    /// - `index`: number of the seat, below `SEATS`.
    /// - `collateral`: base units of free stake, at least `min_verifier_stake`.
    pub fn take_seat(ctx: Context<TakeSeat>, index: u16, collateral: u64) -> Result<()> {
        TakeSeat::handler(ctx, index, collateral)
    }

    /// Binds more stake to a seat.
    ///
    /// Caller: the owner of the seat. When: while the seat is held.
    /// - `amount`: base units of free stake, more than 0.
    pub fn add_collateral(ctx: Context<AddCollateral>, amount: u64) -> Result<()> {
        AddCollateral::handler(ctx, amount)
    }

    /// Vacates a seat, which has no weight from then on but stays reserved. Its collateral stays
    /// bound.
    ///
    /// Caller: the owner of the seat. When: while the seat is held.
    pub fn vacate_seat(ctx: Context<VacateSeat>) -> Result<()> {
        VacateSeat::handler(ctx)
    }

    /// Vacates a seat whose collateral has fallen too low.
    ///
    /// Caller: anybody. When: while the seat is held with less than half of `min_verifier_stake`.
    pub fn evict_seat(ctx: Context<EvictSeat>) -> Result<()> {
        EvictSeat::handler(ctx)
    }

    /// Bids for a seat: the holder is displaced, and the bidder gets the seat once it is closed.
    ///
    /// Caller: the owner of a position without a seat; it pays the seat's rent to the holder. When:
    /// while every seat exists, with a weight of at least 5/4 of the holder's, or of the latest bid
    /// if the seat is vacated.
    /// - `collateral`: base units of free stake, at least `min_verifier_stake`.
    pub fn displace_seat(ctx: Context<DisplaceSeat>, collateral: u64) -> Result<()> {
        DisplaceSeat::handler(ctx, collateral)
    }

    /// Closes a vacated seat and frees its collateral. The seat goes to the latest bidder, or is
    /// free.
    ///
    /// Caller: anybody; the rent goes to the owner. When: `VACATED_EPOCHS` after it was vacated,
    /// once no snapshot contains it and no ballot holds its collateral.
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
