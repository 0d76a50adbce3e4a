//! Stake: who answers for what, with how much, and what it earns.
//!
//! A holder opens a position and stakes into it. Stake earns a share of every slot's rewards by
//! its amount and leaves by a ticket that waits out the unbonding period; what an exposure holds
//! cannot leave. A provider's or verifier's part in a job locks an exposure with the owner's own
//! signature and that of the program in charge. It ends by release, by forfeiting its bond for an
//! objective timeout, or by a slash, which only verdict can order and only once.
//!
//! Verifiers take a seat, which weighs stake times catch rate: what a verifier is trusted to see.
//! It starts at one half, gains a sixteenth of what it lacks for each fraud rejected, and is
//! quartered by a slash. Every change of a seat's weight updates one tree; anybody copies it once
//! an epoch into one of two snapshots, from which verdict draws. A seat given up stays reserved
//! until no snapshot shows it.
//!
//! Rewards stream linearly from fees and from an emission that halves; the stream waits while
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

#[program]
pub mod staking {
    use super::*;

    pub fn initialize(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
        Initialize::handler(ctx, params, authority)
    }

    pub fn initialize_rewards(ctx: Context<InitializeRewards>) -> Result<()> {
        InitializeRewards::handler(ctx)
    }

    pub fn initialize_draw(ctx: Context<InitializeDraw>) -> Result<()> {
        InitializeDraw::handler(ctx)
    }

    pub fn set_params(ctx: Context<SetParams>, params: Params) -> Result<()> {
        SetParams::handler(ctx, params)
    }

    pub fn set_authority(ctx: Context<SetAuthority>) -> Result<()> {
        SetAuthority::handler(ctx)
    }

    pub fn open_position(ctx: Context<OpenPosition>) -> Result<()> {
        OpenPosition::handler(ctx)
    }

    pub fn stake(ctx: Context<Stake>, amount: u64) -> Result<()> {
        Stake::handler(ctx, amount)
    }

    pub fn request_unstake(ctx: Context<RequestUnstake>, amount: u64) -> Result<()> {
        RequestUnstake::handler(ctx, amount)
    }

    pub fn withdraw(ctx: Context<Withdraw>) -> Result<()> {
        Withdraw::handler(ctx)
    }

    pub fn claim_rewards(ctx: Context<ClaimRewards>) -> Result<()> {
        ClaimRewards::handler(ctx)
    }

    pub fn fund_rewards(ctx: Context<FundRewards>, amount: u64) -> Result<()> {
        FundRewards::handler(ctx, amount)
    }

    pub fn fund_emission(ctx: Context<FundEmission>, amount: u64) -> Result<()> {
        FundEmission::handler(ctx, amount)
    }

    pub fn emit_rewards(ctx: Context<EmitRewards>) -> Result<()> {
        EmitRewards::handler(ctx)
    }

    pub fn lock_exposure(ctx: Context<LockExposure>, amount: u64, bond: u64) -> Result<()> {
        LockExposure::handler(ctx, amount, bond)
    }

    pub fn unlock_exposure(ctx: Context<UnlockExposure>, close: bool) -> Result<()> {
        UnlockExposure::handler(ctx, close)
    }

    pub fn forfeit_bond(ctx: Context<ForfeitBond>) -> Result<()> {
        ForfeitBond::handler(ctx)
    }

    pub fn slash(ctx: Context<Slash>, amount: u64) -> Result<()> {
        Slash::handler(ctx, amount)
    }

    pub fn record_catch(ctx: Context<RecordCatch>) -> Result<()> {
        RecordCatch::handler(ctx)
    }

    pub fn take_seat(ctx: Context<TakeSeat>, index: u16) -> Result<()> {
        TakeSeat::handler(ctx, index)
    }

    pub fn vacate_seat(ctx: Context<VacateSeat>) -> Result<()> {
        VacateSeat::handler(ctx)
    }

    pub fn close_seat(ctx: Context<CloseSeat>) -> Result<()> {
        CloseSeat::handler(ctx)
    }

    pub fn take_snapshot(ctx: Context<TakeSnapshot>) -> Result<()> {
        TakeSnapshot::handler(ctx)
    }
}
