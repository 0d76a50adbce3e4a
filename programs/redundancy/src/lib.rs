//! Redundant execution: for results that nobody can recompute bit by bit, several providers run the
//! same task, and those that agree are paid.
//!
//! A buyer posts a task (`post_task`) in the transaction that locks its escrow. Providers `join` in
//! an order that follows from their stake, each with a bond; when enough have, or `close_joining`
//! finds enough at the deadline, they run it. Each commits to the root of its output (`commit_run`)
//! before anybody sees another's, then opens it (`reveal_run`). Where outputs may differ within a
//! tolerance, each says whose outputs agree with its own (`compare`). `decide` pays every run that
//! belongs to a mutually agreeing set of at least k, and while there is none lets more providers
//! join, up to the number of runs that the buyer paid for.
//!
//! Disagreeing never costs stake. Only silence does, which the clock proves: `expire_run` gives the
//! bond of who did not commit or reveal in time to the buyer. `release_bond` lets go of the others
//! when the task has ended, and `close_task` returns its rent.
//!
//! Accounts of this program's types exist at their canonical addresses only, because each is
//! created by an `init` with its seeds and canonical bump: owner, type and the fields compared are
//! proof enough of which one it is.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use protocol::{addresses::REDUNDANCY_CPI_BUMP, seeds};
use state::Params;

declare_id!(protocol::addresses::REDUNDANCY);

/// Seeds of the fundless PDA that signs the calls to staking and escrow.
pub(crate) const CPI_SIGNER: &[&[&[u8]]] = &[&[seeds::CPI, &[REDUNDANCY_CPI_BUMP]]];

#[program]
pub mod redundancy {
    use super::*;

    pub fn initialize(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
        instructions::initialize::handler(ctx, params, authority)
    }

    pub fn set_params(ctx: Context<SetParams>, params: Params) -> Result<()> {
        instructions::set_params::handler(ctx, params)
    }

    pub fn set_authority(ctx: Context<SetAuthority>) -> Result<()> {
        instructions::set_authority::handler(ctx)
    }

    pub fn open_buyer(ctx: Context<OpenBuyer>) -> Result<()> {
        instructions::open_buyer::handler(ctx)
    }

    pub fn post_task(ctx: Context<PostTask>, task_id: u64, terms: TaskTerms) -> Result<()> {
        instructions::post_task::handler(ctx, task_id, terms)
    }

    pub fn join(ctx: Context<Join>) -> Result<()> {
        instructions::join::handler(ctx)
    }

    pub fn close_joining(ctx: Context<CloseJoining>) -> Result<()> {
        instructions::close_joining::handler(ctx)
    }

    pub fn commit_run(ctx: Context<CommitRun>, commitment: [u8; 32]) -> Result<()> {
        instructions::commit_run::handler(ctx, commitment)
    }

    pub fn reveal_run(ctx: Context<RevealRun>, root: [u8; 32], salt: [u8; 32]) -> Result<()> {
        instructions::reveal_run::handler(ctx, root, salt)
    }

    pub fn expire_run(ctx: Context<ExpireRun>, run: u8) -> Result<()> {
        instructions::expire_run::handler(ctx, run)
    }

    /// `agrees` has bit i set where the output of run i agrees with the signer's own.
    pub fn compare(ctx: Context<Compare>, agrees: u8) -> Result<()> {
        instructions::compare::handler(ctx, agrees)
    }

    pub fn decide(ctx: Context<Decide>) -> Result<()> {
        instructions::decide::handler(ctx)
    }

    pub fn release_bond(ctx: Context<ReleaseBond>, run: u8) -> Result<()> {
        instructions::release_bond::handler(ctx, run)
    }

    pub fn close_task(ctx: Context<CloseTask>) -> Result<()> {
        instructions::close_task::handler(ctx)
    }
}
