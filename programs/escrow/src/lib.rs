//! A job's money, which is locked before the job is posted and paid out as verdict credits it.
//!
//! A buyer locks the price, verification fees, crank tips and urgency premium in a vault of the
//! job's own. The posting fee and a part of the premium are burned. If the job is not posted, the
//! buyer can take everything else back. Verdict credits parties and charges the fee, never beyond
//! the locked amount, and makes the escrow final. The registry makes it final without credits when
//! nobody did the job. A task of redundancy is locked in the same way, and only redundancy settles
//! it; it also burns a part of the amount when the providers of a task do not agree.
//!
//! Each party then withdraws its own credit once, and anybody moves the fee on. The amount that
//! nobody is owed returns to the buyer, donations and forfeited bonds included. One party's closed
//! token account blocks nobody else. Collected fees are split between stakers, treasury and burn.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::{Credit, Deposit};

declare_id!(protocol::addresses::ESCROW);
protocol::security!("Neurolov escrow");

#[program]
pub mod escrow {
    use super::*;

    /// Creates the configuration.
    ///
    /// Caller: the deployer. When: once.
    pub fn initialize(ctx: Context<Initialize>) -> Result<()> {
        Initialize::handler(ctx)
    }

    /// Creates one shard's fee vault.
    ///
    /// Caller: the deployer. When: once per shard.
    /// - `shard`: number of the shard, below `SHARDS`.
    pub fn initialize_fee_vault(ctx: Context<InitializeFeeVault>, shard: u8) -> Result<()> {
        InitializeFeeVault::handler(ctx, shard)
    }

    /// Locks the buyer's payment for a job or task in a vault of its own. Burns the posting fee and
    /// a share of the urgency premium.
    ///
    /// Caller: the buyer. When: before the job or task is posted, usually in the same transaction.
    /// - `job_id`: number of the job or task among those of its buyer, as its address contains it.
    /// - `job_bump`: bump of the address of the job or task.
    /// - `deposit`: units at the fields of `Deposit`.
    pub fn lock(ctx: Context<Lock>, job_id: u64, job_bump: u8, deposit: Deposit) -> Result<()> {
        Lock::handler(ctx, job_id, job_bump, deposit)
    }

    /// Returns everything locked to the buyer and closes the escrow. What was burned is gone.
    ///
    /// Caller: the buyer. When: while the job or task has not been posted.
    pub fn refund_unposted(ctx: Context<RefundUnposted>) -> Result<()> {
        RefundUnposted::handler(ctx)
    }

    /// Credits parties and charges the fee, up to the locked amount.
    ///
    /// Caller: verdict for jobs, redundancy for tasks. When: while the escrow is locked.
    /// - `credits`: amounts in base units of $NLOV.
    /// - `fee`: base units of $NLOV.
    /// - `extra`: base units of $NLOV that reached the vault in addition to the locked amount and
    ///   raise the limit; if it is not 0, the vault must be passed and hold everything that is owed.
    /// - `finalise`: whether to end the escrow: nothing is credited afterwards.
    pub fn settle(
        ctx: Context<Settle>,
        credits: Vec<Credit>,
        fee: u64,
        extra: u64,
        finalise: bool,
    ) -> Result<()> {
        Settle::handler(ctx, credits, fee, extra, finalise)
    }

    /// Burns a part of the locked amount, which nobody is credited with.
    ///
    /// Caller: redundancy for tasks, verdict for jobs. When: while the escrow is locked.
    /// - `amount`: base units of $NLOV, more than 0; with the credits and the fee at most the locked
    ///   amount.
    pub fn burn(ctx: Context<Burn>, amount: u64) -> Result<()> {
        Burn::handler(ctx, amount)
    }

    /// Ends the escrow of a job that nobody did: everything belongs to the buyer again, except a
    /// tip.
    ///
    /// Caller: the registry. When: while the escrow is locked.
    /// - `tip_to`: the cranker that earns the tip, or none.
    /// - `tip`: base units of $NLOV.
    pub fn refund(ctx: Context<Refund>, tip_to: Option<Pubkey>, tip: u64) -> Result<()> {
        Refund::handler(ctx, tip_to, tip)
    }

    /// Pays one credit to a token account that its party owns.
    ///
    /// Caller: anybody. When: once per credit.
    /// - `index`: position of the credit in `Escrow.credits`.
    pub fn withdraw(ctx: Context<Withdraw>, index: u8) -> Result<()> {
        Withdraw::handler(ctx, index)
    }

    /// Moves the fee of an escrow to its shard's fee vault.
    ///
    /// Caller: anybody. When: whenever a fee is due.
    pub fn collect_fee(ctx: Context<CollectFee>) -> Result<()> {
        CollectFee::handler(ctx)
    }

    /// Returns to the buyer the amount that the vault holds beyond what is owed. Closes the vault
    /// and the escrow once everything is paid.
    ///
    /// Caller: anybody. When: once the escrow is final.
    pub fn reclaim(ctx: Context<Reclaim>) -> Result<()> {
        Reclaim::handler(ctx)
    }

    /// Splits the content of a fee vault between stakers, treasury and burn.
    ///
    /// Caller: anybody. When: whenever the vault holds something.
    /// - `shard`: number of the shard, below `SHARDS`.
    pub fn sweep(ctx: Context<Sweep>, shard: u8) -> Result<()> {
        Sweep::handler(ctx, shard)
    }
}
