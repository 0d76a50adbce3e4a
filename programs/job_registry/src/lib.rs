//! Who computes what, for how much, by when.
//!
//! A graph is registered once: its author opens it, appends the operators' descriptors, and the
//! last append seals it. Providers and verifiers register over their stake.
//!
//! A buyer posts a job in the transaction that locks its escrow. Providers claim in an order that
//! follows from their stake and a slot hash nobody knew; the claimer's stake and a bond lock. The
//! verdict program records each stage that the provider commits, which extends the lease; the
//! last stage commits the job, and the verdict concludes it: settled or voided.
//!
//! Every wait has an end that anyone can bring about. An expired lease gives its bond to the buyer
//! and opens the job for others; a job that nobody claims is refunded, or goes to the verdict with
//! the stages it has. An ended job lets go of its stake, and closes once its escrow and verdict
//! are closed.
//!
//! Accounts of this program's types exist at their canonical addresses only, because each is
//! created by an `init` with its seeds and canonical bump: owner, type and the fields compared are
//! proof enough of which one it is, and hot instructions derive no address again.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use protocol::{addresses::JOB_REGISTRY_CPI_BUMP, seeds};
use state::{Capability, Params, Url};

declare_id!(protocol::addresses::JOB_REGISTRY);

/// Seeds of the fundless PDA that signs the calls to staking and escrow.
pub(crate) const CPI_SIGNER: &[&[&[u8]]] = &[&[seeds::CPI, &[JOB_REGISTRY_CPI_BUMP]]];

#[program]
pub mod job_registry {
    use super::*;

    pub fn initialize(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
        initialize::handler(ctx, params, authority)
    }

    pub fn initialize_market(ctx: Context<InitializeMarket>) -> Result<()> {
        initialize_market::handler(ctx)
    }

    pub fn initialize_shard(ctx: Context<InitializeShard>, shard: u8) -> Result<()> {
        initialize_shard::handler(ctx, shard)
    }

    pub fn set_params(ctx: Context<SetParams>, params: Params) -> Result<()> {
        set_params::handler(ctx, params)
    }

    pub fn set_authority(ctx: Context<SetAuthority>) -> Result<()> {
        set_authority::handler(ctx)
    }

    /// Remaining accounts: the 16 utilisation shards in order.
    pub fn roll_market<'info>(ctx: Context<'info, RollMarket<'info>>) -> Result<()> {
        roll_market::handler(ctx)
    }

    pub fn register_provider(ctx: Context<RegisterProvider>, capability: Capability) -> Result<()> {
        register_provider::handler(ctx, capability)
    }

    pub fn update_provider(
        ctx: Context<UpdateProvider>,
        capability: Capability,
        draining: bool,
    ) -> Result<()> {
        update_provider::handler(ctx, capability, draining)
    }

    pub fn deregister_provider(ctx: Context<DeregisterProvider>) -> Result<()> {
        deregister_provider::handler(ctx)
    }

    pub fn register_verifier(
        ctx: Context<RegisterVerifier>,
        endpoint: Url,
        memory_bytes: u64,
    ) -> Result<()> {
        register_verifier::handler(ctx, endpoint, memory_bytes)
    }

    pub fn update_verifier(
        ctx: Context<UpdateVerifier>,
        endpoint: Url,
        memory_bytes: u64,
    ) -> Result<()> {
        update_verifier::handler(ctx, endpoint, memory_bytes)
    }

    pub fn deregister_verifier(ctx: Context<DeregisterVerifier>) -> Result<()> {
        deregister_verifier::handler(ctx)
    }

    pub fn open_graph(ctx: Context<OpenGraph>, spec_root: [u8; 32], operators: u16) -> Result<()> {
        open_graph::handler(ctx, spec_root, operators)
    }

    /// `data` holds whole descriptors of 256 bytes; three fit a transaction.
    pub fn append_operators(ctx: Context<AppendOperators>, data: Vec<u8>) -> Result<()> {
        append_operators::handler(ctx, data)
    }

    pub fn abandon_graph(ctx: Context<AbandonGraph>) -> Result<()> {
        abandon_graph::handler(ctx)
    }

    pub fn open_buyer(ctx: Context<OpenBuyer>) -> Result<()> {
        open_buyer::handler(ctx)
    }

    pub fn post_job(ctx: Context<PostJob>, job_id: u64, terms: JobTerms) -> Result<()> {
        post_job::handler(ctx, job_id, terms)
    }

    pub fn claim(ctx: Context<Claim>) -> Result<()> {
        claim::handler(ctx)
    }

    pub fn cancel(ctx: Context<Cancel>) -> Result<()> {
        cancel::handler(ctx)
    }

    pub fn expire_job(ctx: Context<ExpireJob>) -> Result<()> {
        expire_job::handler(ctx)
    }

    pub fn expire_lease(ctx: Context<ExpireLease>) -> Result<()> {
        expire_lease::handler(ctx)
    }

    /// Called by the verdict program. `macs_done` are the multiply-adds of this stage.
    pub fn record_stage(ctx: Context<RecordStage>, last: u16, macs_done: u64) -> Result<()> {
        record_stage::handler(ctx, last, macs_done)
    }

    /// Called by the verdict program. `outcome` is 3 (settled) or 6 (voided); `paid_macs` are the
    /// multiply-adds that were paid for; `blamed` is whom a void costs reputation.
    pub fn conclude<'info>(
        ctx: Context<'info, Conclude<'info>>,
        outcome: u8,
        paid_macs: u64,
        blamed: Pubkey,
    ) -> Result<()> {
        conclude::handler(ctx, outcome, paid_macs, blamed)
    }

    pub fn release_exposure<'info>(ctx: Context<'info, ReleaseExposure<'info>>) -> Result<()> {
        release_exposure::handler(ctx)
    }

    pub fn reclaim(ctx: Context<Reclaim>) -> Result<()> {
        reclaim::handler(ctx)
    }
}
