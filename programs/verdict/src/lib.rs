//! Judges what providers commit.
//!
//! `open_verdict` makes room for a claimed job. The provider commits its result stage by stage
//! (`commit_stage`), each a root over the outputs of a run of operators; the last stage ends
//! committing, or `adopt_partial` does when the registry gave up on a job half done. From then on
//! anyone may crank. `draw` takes the hash of a slot that nobody knew at commit, lets the beacon
//! spare well reputed providers, and draws seats by stake. The drawn verifiers `cast_ballot` and
//! then `reveal_ballot`; `tally` decides by more than half of all drawn, or puts the verdict back
//! for a `draw` that adds verifiers, three draws at most. After the window `settle` credits
//! everyone in escrow. A majority that rejects opens a window for a proof, without which the result
//! is paid after all; one that misses the data makes a provider show eight elements of the beacon's
//! choice (`answer_element`). What is proven wrong or cannot be had is ended by `void` and pays no
//! provider.
//!
//! Whoever holds the data can `prove_fraud` instead, from the last commit until the money moves: a
//! challenger stages evidence in a buffer (`open_buffer`, `write_buffer`, `close_buffer`), and the
//! referee recomputes the element that its ticket (`place_ticket`, `close_ticket`) or its own
//! rejecting ballot names. Then `slash_provider` and `slash_ballot` take the stake of who committed
//! the element and of who accepted it, and `void` pays the bounty.
//! `release_ballot` frees each verifier's stake, and `close_verdict` returns the rent.
#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;
use protocol::{addresses::VERDICT_CPI_BUMP, seeds};

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::Params;

declare_id!(protocol::addresses::VERDICT);

/// Seeds of the fundless PDA that signs the calls to staking, escrow and the registry.
pub(crate) const CPI_SIGNER: &[&[&[u8]]] = &[&[seeds::CPI, &[VERDICT_CPI_BUMP]]];

#[program]
pub mod verdict {
    use super::*;

    pub fn initialize(ctx: Context<Initialize>, authority: Pubkey, params: Params) -> Result<()> {
        instructions::initialize::handler(ctx, authority, params)
    }

    pub fn set_params(ctx: Context<SetParams>, params: Params) -> Result<()> {
        instructions::set_params::handler(ctx, params)
    }

    pub fn set_authority(ctx: Context<SetAuthority>) -> Result<()> {
        instructions::set_authority::handler(ctx)
    }

    pub fn open_verdict(ctx: Context<OpenVerdict>) -> Result<()> {
        instructions::open_verdict::handler(ctx)
    }

    pub fn commit_stage(
        ctx: Context<CommitStage>,
        first: u16,
        last: u16,
        root: [u8; 32],
        kind: u8,
    ) -> Result<()> {
        instructions::commit_stage::handler(ctx, first, last, root, kind)
    }

    pub fn adopt_partial(ctx: Context<AdoptPartial>) -> Result<()> {
        instructions::adopt_partial::handler(ctx)
    }

    pub fn draw(ctx: Context<Draw>, salt: Option<[u8; 32]>) -> Result<()> {
        instructions::draw::handler(ctx, salt)
    }

    pub fn cast_ballot(ctx: Context<CastBallot>, ballot: u8, commitment: [u8; 32]) -> Result<()> {
        instructions::cast_ballot::handler(ctx, ballot, commitment)
    }

    pub fn reveal_ballot(
        ctx: Context<RevealBallot>,
        ballot: u8,
        choice: u8,
        operator: u32,
        element: u32,
        salt: [u8; 32],
    ) -> Result<()> {
        instructions::reveal_ballot::handler(ctx, ballot, choice, operator, element, salt)
    }

    pub fn tally(ctx: Context<Tally>) -> Result<()> {
        instructions::tally::handler(ctx)
    }

    pub fn settle<'info>(ctx: Context<'info, Settle<'info>>) -> Result<()> {
        instructions::settle::handler(ctx)
    }

    pub fn void(ctx: Context<Void>) -> Result<()> {
        instructions::void::handler(ctx)
    }

    pub fn release_ballot<'info>(
        ctx: Context<'info, ReleaseBallot<'info>>,
        ballot: u8,
    ) -> Result<()> {
        instructions::release_ballot::handler(ctx, ballot)
    }

    pub fn open_buffer(ctx: Context<OpenBuffer>, length: u32) -> Result<()> {
        instructions::open_buffer::handler(ctx, length)
    }

    pub fn write_buffer(ctx: Context<WriteBuffer>, offset: u32, bytes: Vec<u8>) -> Result<()> {
        instructions::write_buffer::handler(ctx, offset, bytes)
    }

    pub fn close_buffer(ctx: Context<CloseBuffer>) -> Result<()> {
        instructions::close_buffer::handler(ctx)
    }

    pub fn place_ticket(ctx: Context<PlaceTicket>, hash: [u8; 32]) -> Result<()> {
        instructions::place_ticket::handler(ctx, hash)
    }

    pub fn close_ticket(ctx: Context<CloseTicket>) -> Result<()> {
        instructions::close_ticket::handler(ctx)
    }

    pub fn prove_fraud(
        ctx: Context<ProveFraud>,
        operator: u32,
        element: u32,
        salt: [u8; 32],
        tail: Vec<u8>,
    ) -> Result<()> {
        instructions::prove_fraud::handler(ctx, operator, element, salt, tail)
    }

    pub fn open_trap(ctx: Context<OpenTrap>, salt: [u8; 32]) -> Result<()> {
        instructions::open_trap::handler(ctx, salt)
    }

    pub fn slash_provider(ctx: Context<SlashProvider>) -> Result<()> {
        instructions::slash_provider::handler(ctx)
    }

    pub fn slash_ballot<'info>(ctx: Context<'info, SlashBallot<'info>>, ballot: u8) -> Result<()> {
        instructions::slash_ballot::handler(ctx, ballot)
    }

    /// The evidence is what the buffer holds, then `tail`.
    pub fn answer_element(ctx: Context<AnswerElement>, question: u8, tail: Vec<u8>) -> Result<()> {
        instructions::answer_element::handler(ctx, question, tail)
    }

    pub fn demand_answers(ctx: Context<DemandAnswers>) -> Result<()> {
        instructions::demand_answers::handler(ctx)
    }

    pub fn expire_answers(ctx: Context<ExpireAnswers>) -> Result<()> {
        instructions::expire_answers::handler(ctx)
    }

    pub fn close_verdict(ctx: Context<CloseVerdict>) -> Result<()> {
        instructions::close_verdict::handler(ctx)
    }
}
