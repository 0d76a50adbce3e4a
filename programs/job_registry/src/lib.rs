//! Who computes which job, for how much, and by when.
//!
//! A graph is registered once: its author opens it, appends the operators' descriptors, and the
//! last append seals it. Providers and verifiers register over their stake.
//!
//! A buyer posts a job in the transaction that locks its escrow. Providers claim it in an order
//! that follows from their stake and a slot hash that nobody knew in advance. A claim locks the
//! provider's stake and a bond. The verdict program records each stage that the provider commits,
//! which extends the lease. The last stage commits the job, and the verdict concludes it as settled
//! or voided.
//!
//! A job keeps the terms under which it was posted. A claim counts the stake that stood before
//! that, and exposes stake in proportion to the buyer's offer.
//!
//! Anyone can end every wait. An expired lease gives its bond to the fee vault and opens the job for
//! others. A job that nobody claims is refunded, or goes to the verdict with the stages that it
//! has. An ended job releases its stake, and is closed once its escrow and verdict are closed.
//!
//! Accounts of this program's types exist only at their canonical addresses, because each is
//! created by an `init` with its seeds and canonical bump. So the owner, the type and the compared
//! fields prove which account it is, and frequent instructions derive no address again.

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use protocol::{addresses::JOB_REGISTRY_CPI_BUMP, seeds};
use state::{Capability, Url};

declare_id!(protocol::addresses::JOB_REGISTRY);
protocol::security!("Neurolov job_registry");

/// Seeds of the fundless PDA that signs the calls to staking and escrow.
pub(crate) const CPI_SIGNER: &[&[&[u8]]] = &[&[seeds::CPI, &[JOB_REGISTRY_CPI_BUMP]]];

#[program]
pub mod job_registry {
    use super::*;

    /// Creates the account that holds the demand of the previous epoch.
    ///
    /// Caller: the deployer. When: once.
    pub fn initialize_market(ctx: Context<InitializeMarket>) -> Result<()> {
        initialize_market::handler(ctx)
    }

    /// Creates one shard of the utilisation counters.
    ///
    /// Caller: the deployer. When: once per shard.
    /// - `shard`: number of the shard, below `SHARDS`.
    pub fn initialize_shard(ctx: Context<InitializeShard>, shard: u8) -> Result<()> {
        initialize_shard::handler(ctx, shard)
    }

    /// Moves the demand, which sets prices, towards the share of all providers' capacity that settled
    /// work used in the previous epoch. The remaining accounts are the `SHARDS` shards in order.
    ///
    /// Caller: anybody. When: once per epoch.
    pub fn roll_market<'info>(ctx: Context<'info, RollMarket<'info>>) -> Result<()> {
        roll_market::handler(ctx)
    }

    /// Creates a provider's account, backed by its stake.
    ///
    /// Caller: the owner of a position. When: once per owner.
    /// - `capability`: units at the fields of `Capability`.
    pub fn register_provider(ctx: Context<RegisterProvider>, capability: Capability) -> Result<()> {
        register_provider::handler(ctx, capability)
    }

    /// Replaces the capability that a provider offers.
    ///
    /// Caller: the provider. When: at any time.
    /// - `capability`: units at the fields of `Capability`.
    /// - `draining`: whether the provider takes no new jobs.
    pub fn update_provider(
        ctx: Context<UpdateProvider>,
        capability: Capability,
        draining: bool,
    ) -> Result<()> {
        update_provider::handler(ctx, capability, draining)
    }

    /// Sets where a provider serves its traces, and whether it takes new jobs.
    ///
    /// Caller: the provider or its operator. When: at any time.
    /// - `endpoint`: URL in printable ASCII, padded with zeros.
    /// - `draining`: whether the provider takes no new jobs.
    pub fn set_availability(
        ctx: Context<SetAvailability>,
        endpoint: Url,
        draining: bool,
    ) -> Result<()> {
        set_availability::handler(ctx, endpoint, draining)
    }

    /// Closes a provider's account and returns its rent.
    ///
    /// Caller: the provider. When: while it holds no job.
    pub fn deregister_provider(ctx: Context<DeregisterProvider>) -> Result<()> {
        deregister_provider::handler(ctx)
    }

    /// Creates a verifier's account, backed by its seat.
    ///
    /// Caller: the owner of the seat. When: once per owner, while the seat is held.
    /// - `endpoint`: URL in printable ASCII, padded with zeros.
    /// - `memory_bytes`: bytes.
    pub fn register_verifier(
        ctx: Context<RegisterVerifier>,
        endpoint: Url,
        memory_bytes: u64,
    ) -> Result<()> {
        register_verifier::handler(ctx, endpoint, memory_bytes)
    }

    /// Replaces what a verifier declares, and its seat.
    ///
    /// Caller: the verifier. When: while it holds the seat that is passed.
    /// - `endpoint`: URL in printable ASCII, padded with zeros.
    /// - `memory_bytes`: bytes.
    pub fn update_verifier(
        ctx: Context<UpdateVerifier>,
        endpoint: Url,
        memory_bytes: u64,
    ) -> Result<()> {
        update_verifier::handler(ctx, endpoint, memory_bytes)
    }

    /// Closes a verifier's account and returns its rent.
    ///
    /// Caller: the verifier. When: at any time.
    pub fn deregister_verifier(ctx: Context<DeregisterVerifier>) -> Result<()> {
        deregister_verifier::handler(ctx)
    }

    /// Creates a graph, to which its author then appends operators.
    ///
    /// Caller: anybody, as its author. When: once per author and spec root.
    /// - `spec_root`: root of the Merkle tree over the descriptors.
    /// - `operators`: number of operators, 1 to `MAX_OPERATORS`.
    pub fn open_graph(ctx: Context<OpenGraph>, spec_root: [u8; 32], operators: u16) -> Result<()> {
        open_graph::handler(ctx, spec_root, operators)
    }

    /// Checks descriptors and adds them to a graph. The last one seals the graph if all hash to its
    /// spec root.
    ///
    /// Caller: the author of the graph. When: while the graph is open.
    /// - `data`: whole descriptors of `DESCRIPTOR_BYTES` each; three fit a transaction.
    pub fn append_operators(ctx: Context<AppendOperators>, data: Vec<u8>) -> Result<()> {
        append_operators::handler(ctx, data)
    }

    /// Closes a graph that was never finished and returns its rent.
    ///
    /// Caller: the author of the graph. When: while the graph is open.
    pub fn abandon_graph(ctx: Context<AbandonGraph>) -> Result<()> {
        abandon_graph::handler(ctx)
    }

    /// Creates the account that numbers a buyer's jobs.
    ///
    /// Caller: anybody, for itself. When: once per owner.
    pub fn open_buyer(ctx: Context<OpenBuyer>) -> Result<()> {
        open_buyer::handler(ctx)
    }

    /// Creates a job that providers may claim.
    ///
    /// Caller: the buyer. When: after `escrow::lock`, usually in the same transaction; the amounts
    /// must be those locked, and at least the floors of the terms.
    /// - `job_id`: number of the job, `Buyer.next_job_id`.
    /// - `offer`: units at the fields of `JobOffer`.
    pub fn post_job(ctx: Context<PostJob>, job_id: u64, offer: JobOffer) -> Result<()> {
        post_job::handler(ctx, job_id, offer)
    }

    /// Gives a job to a provider: its stake is exposed, its bond locked, and its lease begins.
    ///
    /// Caller: a registered provider or its operator. When: from its turn on until the claim
    /// deadline; the turn follows from the stake that stood before the job was posted, the
    /// reputation and a slot hash.
    pub fn claim(ctx: Context<Claim>) -> Result<()> {
        claim::handler(ctx)
    }

    /// Ends a job and refunds its escrow.
    ///
    /// Caller: the buyer. When: before anybody claimed the job, and while no stage is committed.
    pub fn cancel(ctx: Context<Cancel>) -> Result<()> {
        cancel::handler(ctx)
    }

    /// Ends a job that nobody claims: refunds it, or leaves the stages committed so far to the
    /// verdict.
    ///
    /// Caller: anybody; if the job ends here, the caller earns a tip. When: after the claim
    /// deadline, or when its attempts are used up.
    pub fn expire_job(ctx: Context<ExpireJob>) -> Result<()> {
        expire_job::handler(ctx)
    }

    /// Takes a job from a silent provider and opens it for others. The provider's bond goes to the
    /// fee vault.
    ///
    /// Caller: anybody. When: after the lease's deadline.
    pub fn expire_lease(ctx: Context<ExpireLease>) -> Result<()> {
        expire_lease::handler(ctx)
    }

    /// Extends the lease for a committed stage. The last stage ends the work on the job.
    ///
    /// Caller: verdict. When: while the job is claimed and its lease runs.
    /// - `last`: number of operators committed so far.
    /// - `macs_done`: multiply-adds of this stage.
    pub fn record_stage(ctx: Context<RecordStage>, last: u16, macs_done: u64) -> Result<()> {
        record_stage::handler(ctx, last, macs_done)
    }

    /// Ends a job with the result of its verdict, and rates a provider.
    ///
    /// Caller: verdict. When: once, while the job is committed.
    /// - `outcome`: code of `JobState`: Settled or Voided.
    /// - `paid_macs`: multiply-adds that were paid for.
    /// - `blamed`: the provider whose reputation a void costs, or the default key for none.
    pub fn conclude<'info>(
        ctx: Context<'info, Conclude<'info>>,
        outcome: u8,
        paid_macs: u64,
        blamed: Pubkey,
    ) -> Result<()> {
        conclude::handler(ctx, outcome, paid_macs, blamed)
    }

    /// Frees a provider's stake and closes its exposure.
    ///
    /// Caller: anybody. When: once the job has ended.
    pub fn release_exposure<'info>(ctx: Context<'info, ReleaseExposure<'info>>) -> Result<()> {
        release_exposure::handler(ctx)
    }

    /// Closes an ended job and returns its rent.
    ///
    /// Caller: the buyer. When: once escrow and verdict of the job are closed.
    pub fn reclaim(ctx: Context<Reclaim>) -> Result<()> {
        reclaim::handler(ctx)
    }
}
