//! A job's money: locked before the job is posted, paid out by what verdict credits.
//!
//! A buyer locks price, verification fees, crank tips and urgency premium in a vault of the job's
//! own; posting fee and part of the premium burn. A job that is not posted gives everything back
//! to its buyer. Verdict credits parties and charges the fee, never beyond what is locked, and
//! makes the escrow final; the registry makes it final without credits when nobody did the job.
//! A task of redundancy is locked in the same way, and redundancy alone settles it.
//!
//! Each party then pulls its own credit once, anybody moves the fee on, and whatever nobody is
//! owed returns to the buyer, donations and forfeited bonds included. A closed token account
//! holds up nobody else. Collected fees are split between stakers, treasury and burn.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{Credit, Params, Terms};

declare_id!(protocol::addresses::ESCROW);

#[program]
pub mod escrow {
    use super::*;

    pub fn initialize(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
        Initialize::handler(ctx, params, authority)
    }

    pub fn initialize_fee_vault(ctx: Context<InitializeFeeVault>, shard: u8) -> Result<()> {
        InitializeFeeVault::handler(ctx, shard)
    }

    pub fn set_params(ctx: Context<SetParams>, params: Params) -> Result<()> {
        SetParams::handler(ctx, params)
    }

    pub fn set_authority(ctx: Context<SetAuthority>) -> Result<()> {
        SetAuthority::handler(ctx)
    }

    pub fn lock(ctx: Context<Lock>, job_id: u64, job_bump: u8, terms: Terms) -> Result<()> {
        Lock::handler(ctx, job_id, job_bump, terms)
    }

    pub fn refund_unposted(ctx: Context<RefundUnposted>) -> Result<()> {
        RefundUnposted::handler(ctx)
    }

    pub fn settle(
        ctx: Context<Settle>,
        credits: Vec<Credit>,
        fee: u64,
        extra: u64,
        finalise: bool,
    ) -> Result<()> {
        Settle::handler(ctx, credits, fee, extra, finalise)
    }

    pub fn refund(ctx: Context<Refund>, tip_to: Option<Pubkey>, tip: u64) -> Result<()> {
        Refund::handler(ctx, tip_to, tip)
    }

    pub fn withdraw(ctx: Context<Withdraw>, index: u8) -> Result<()> {
        Withdraw::handler(ctx, index)
    }

    pub fn collect_fee(ctx: Context<CollectFee>) -> Result<()> {
        CollectFee::handler(ctx)
    }

    pub fn reclaim(ctx: Context<Reclaim>) -> Result<()> {
        Reclaim::handler(ctx)
    }

    pub fn sweep(ctx: Context<Sweep>, shard: u8) -> Result<()> {
        Sweep::handler(ctx, shard)
    }
}
