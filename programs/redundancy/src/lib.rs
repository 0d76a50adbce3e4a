//! Redundant execution: for results that nobody can recompute bit by bit, several providers run the
//! same task, and those that agree are paid.
//!
//! A buyer posts a task (`post_task`) in the transaction that locks its escrow. Providers `join` in
//! an order that follows from the stake that stood before the task was posted, each with a bond and
//! a stake in proportion to the price. They run the task when enough have joined, or when
//! `close_joining` finds enough of them at the deadline. Each commits to the root of its output
//! (`commit_run`) before anybody sees another's, then opens the commitment (`reveal_run`). Where
//! outputs may differ within a tolerance, each provider reports whose outputs agree with its own
//! (`compare`). `decide` pays every run that belongs to a mutually agreeing set of at least k, the
//! majority of an odd number n. While there is no such set, it lets two more providers join, up to
//! the number of runs that the buyer paid for. When that number is reached, half the price of every
//! run that committed is burned and nobody is paid, so that a buyer gains nothing by blocking its own
//! task.
//!
//! Disagreeing never costs stake. Only silence does, which the clock proves: `expire_run` gives the
//! bond of a silent provider to the fee vault. `release_bond` frees the other bonds when the task has
//! ended, and `close_task` returns its rent.
//!
//! A task keeps the terms under which it was posted.
//!
//! Accounts of this program's types exist only at their canonical addresses, because each is
//! created by an `init` with its seeds and canonical bump. So the owner, the type and the compared
//! fields prove which account it is.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use protocol::{addresses::REDUNDANCY_CPI_BUMP, seeds};

declare_id!(protocol::addresses::REDUNDANCY);
protocol::security!("Neurolov redundancy");

/// Seeds of the fundless PDA that signs the calls to staking and escrow.
pub(crate) const CPI_SIGNER: &[&[&[u8]]] = &[&[seeds::CPI, &[REDUNDANCY_CPI_BUMP]]];

#[program]
pub mod redundancy {
    use super::*;

    /// Creates the account that numbers a buyer's tasks.
    ///
    /// Caller: anybody, for itself. When: once per owner.
    pub fn open_buyer(ctx: Context<OpenBuyer>) -> Result<()> {
        instructions::open_buyer::handler(ctx)
    }

    /// Creates a task that providers may join.
    ///
    /// Caller: the buyer. When: after `escrow::lock`, usually in the same transaction; the amounts
    /// must be those locked, and at least the floors of the terms.
    /// - `task_id`: number of the task, `Buyer.next_task_id`.
    /// - `offer`: units at the fields of `TaskOffer`.
    pub fn post_task(ctx: Context<PostTask>, task_id: u64, offer: TaskOffer) -> Result<()> {
        instructions::post_task::handler(ctx, task_id, offer)
    }

    /// Adds a run of a provider and locks its bond, and `join_kappa` times the price beside it. The
    /// last run wanted starts the task.
    ///
    /// Caller: the owner of a position or its operator, which pays the rent. When: from its turn on
    /// until the deadline to join, if at least `join_kappa` times the price stood before the task was
    /// posted or extended; the turn follows from that stake and a slot hash.
    pub fn join(ctx: Context<Join>) -> Result<()> {
        instructions::join::handler(ctx)
    }

    /// Starts a task that at least three providers joined, or ends it. Of an even number, the last one
    /// to join is freed, and its accounts are passed.
    ///
    /// Caller: anybody, who earns a tip. When: after the deadline to join.
    pub fn close_joining(ctx: Context<CloseJoining>) -> Result<()> {
        instructions::close_joining::handler(ctx)
    }

    /// Records a run's commitment to its output.
    ///
    /// Caller: the provider of the run or its operator. When: until the deadline to commit.
    /// - `commitment`: SHA-256 of root, salt, provider and task.
    pub fn commit_run(ctx: Context<CommitRun>, commitment: [u8; 32]) -> Result<()> {
        instructions::commit_run::handler(ctx, commitment)
    }

    /// Opens a run's commitment.
    ///
    /// Caller: anybody that knows the opening. When: until the deadline to reveal.
    /// - `run`: index of the run.
    /// - `root`: Merkle root of the output's bytes as one row.
    /// - `salt`: the 32 bytes that the commitment contains.
    pub fn reveal_run(
        ctx: Context<RevealRun>,
        run: u8,
        root: [u8; 32],
        salt: [u8; 32],
    ) -> Result<()> {
        instructions::reveal_run::handler(ctx, run, root, salt)
    }

    /// Expires a silent run. Its bond goes to the fee vault.
    ///
    /// Caller: anybody, who earns a tip. When: after the deadline to commit or to reveal.
    /// - `run`: index of the run.
    pub fn expire_run(ctx: Context<ExpireRun>, run: u8) -> Result<()> {
        instructions::expire_run::handler(ctx, run)
    }

    /// Reports which outputs agree with the provider's own.
    ///
    /// Caller: the provider of a revealed run or its operator. When: once per round, until the
    /// deadline to compare.
    /// - `agrees`: mask in which bit i says that the output of run i agrees.
    pub fn compare(ctx: Context<Compare>, agrees: u8) -> Result<()> {
        instructions::compare::handler(ctx, agrees)
    }

    /// Pays the runs that agree, asks for more runs, or ends the task unpaid. Of an unpaid task, half
    /// the price of every run that committed in time is burned.
    ///
    /// Caller: anybody, who earns a tip. When: once every run is compared, or after the deadline to
    /// compare.
    pub fn decide(ctx: Context<Decide>) -> Result<()> {
        instructions::decide::handler(ctx)
    }

    /// Frees the stake that a run exposes and closes its exposure. The rent returns to whoever paid it.
    ///
    /// Caller: anybody. When: once per run, when the task has ended.
    /// - `run`: index of the run.
    pub fn release_bond(ctx: Context<ReleaseBond>, run: u8) -> Result<()> {
        instructions::release_bond::handler(ctx, run)
    }

    /// Closes a task and returns its rent to the buyer.
    ///
    /// Caller: anybody. When: once all bonds are released and the escrow is closed.
    pub fn close_task(ctx: Context<CloseTask>) -> Result<()> {
        instructions::close_task::handler(ctx)
    }
}
