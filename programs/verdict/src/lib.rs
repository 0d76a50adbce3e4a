//! Judges what providers commit.
//!
//! `open_verdict` makes room for a claimed job. The provider commits its result stage by stage
//! (`commit_stage`), each a root over the outputs of a run of operators; the last stage ends
//! committing, or `adopt_partial` does when the registry gave up on a job half done. From then on
//! anyone may crank. `draw` takes the hash of a slot that nobody knew at commit, lets the beacon
//! spare well reputed providers, and draws seats by stake. The drawn verifiers `cast_ballot` and
//! then `reveal_ballot`; `tally` decides by more than half of all drawn, or puts the verdict back
//! for a `draw` that adds verifiers, three draws at most. After the window `settle` credits
//! everyone in escrow; a rejected or unavailable result is ended by `void` and pays no provider.
//! `release_ballot` frees each verifier's stake, and `close_verdict` returns the rent.
#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

mod caller;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;
use state::Params;

declare_id!(protocol::addresses::VERDICT);

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

    pub fn close_verdict(ctx: Context<CloseVerdict>) -> Result<()> {
        instructions::close_verdict::handler(ctx)
    }
}
