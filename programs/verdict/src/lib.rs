//! Judges the results that providers commit.
//!
//! `open_verdict` creates the verdict of a claimed job. The provider commits its result stage by
//! stage (`commit_stage`); each stage is a root over the outputs of a run of operators. The last
//! stage ends committing, or `adopt_partial` does when the registry expired a job with a partial
//! result. From then on anyone may crank. `draw` takes the hash of a slot that nobody knew at the
//! commit, lets the beacon spare reputable providers a verification, and draws seats by weight. The
//! drawn verifiers `cast_ballot` and then `reveal_ballot`. `tally` decides by more than half of all
//! drawn verifiers, or asks for a `draw` that adds verifiers; there are three draws at most. After
//! the window, `settle` credits everyone in escrow. A majority that rejects opens a window for a
//! proof, without which the result is paid after all. A majority that cannot get the data makes a
//! provider show eight elements of the beacon's choice (`answer_element`). `void` ends a result
//! that was proven wrong or is not available, and pays no provider.
//!
//! Whoever holds the data can `prove_fraud` instead, from the last commit until the money moves. A
//! challenger stages evidence in a buffer (`open_buffer`, `write_buffer`, `close_buffer`), and the
//! referee recomputes the element that is named by its ticket (`place_ticket`, `close_ticket`) or
//! by its own rejecting ballot. Then `slash_provider` and `slash_ballot` take the stake of the
//! provider that committed the element and of the verifiers that accepted it, and `void` pays the
//! bounty. `release_ballot` frees each verifier's stake, and `close_verdict` returns the rent.
#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;
use protocol::{addresses::VERDICT_CPI_BUMP, seeds};

pub mod errors;
pub mod events;
pub mod instructions;
pub mod state;

use instructions::*;

declare_id!(protocol::addresses::VERDICT);
protocol::security!("Neurolov verdict");

/// Seeds of the fundless PDA that signs the calls to staking, escrow and the registry.
pub(crate) const CPI_SIGNER: &[&[&[u8]]] = &[&[seeds::CPI, &[VERDICT_CPI_BUMP]]];

#[program]
pub mod verdict {
    use super::*;

    /// Creates a job's verdict.
    ///
    /// Caller: anybody, who pays the rent and gets it back. When: once per job, while it is claimed.
    pub fn open_verdict(ctx: Context<OpenVerdict>) -> Result<()> {
        instructions::open_verdict::handler(ctx)
    }

    /// Commits the results of a run of operators. The stage that contains the last operator ends
    /// the work.
    ///
    /// Caller: the provider that holds the lease, or its operator. When: while the lease runs; a
    /// stage continues where the job stands, or starts over at 0.
    /// - `first`: index of the first operator.
    /// - `last`: index after the last operator.
    /// - `root`: Merkle root over the roots of the outputs, one leaf per operator.
    /// - `kind`: code of `ProofKind`.
    pub fn commit_stage(
        ctx: Context<CommitStage>,
        first: u16,
        last: u16,
        root: [u8; 32],
        kind: u8,
    ) -> Result<()> {
        instructions::commit_stage::handler(ctx, first, last, root, kind)
    }

    /// Makes a job with stages that nobody continued ready for its first draw.
    ///
    /// Caller: anybody, who earns a tip. When: once the registry expired the job.
    pub fn adopt_partial(ctx: Context<AdoptPartial>) -> Result<()> {
        instructions::adopt_partial::handler(ctx)
    }

    /// Draws verifiers by stake, or spares the job a verification if the beacon does.
    ///
    /// Caller: anybody, who earns a tip. When: `DRAW_DELAY` slots after the commit with the salt,
    /// `VerdictParams.salt_slots` later without.
    /// - `salt`: the buyer's 32 secret bytes, or none if they are not known.
    pub fn draw(ctx: Context<Draw>, salt: Option<[u8; 32]>) -> Result<()> {
        instructions::draw::handler(ctx, salt)
    }

    /// Records a verifier's commitment to its ballot and exposes its collateral.
    ///
    /// Caller: whoever held the drawn seat in the snapshot, or its operator. When: until the ballot
    /// deadline.
    /// - `ballot`: index of the ballot.
    /// - `commitment`: SHA-256 of choice, operator, element, salt, verifier and job.
    pub fn cast_ballot(ctx: Context<CastBallot>, ballot: u8, commitment: [u8; 32]) -> Result<()> {
        instructions::cast_ballot::handler(ctx, ballot, commitment)
    }

    /// Declines a ballot for which the verifier has no collateral left. It counts as silence, without
    /// a fine.
    ///
    /// Caller: whoever held the drawn seat in the snapshot, or its operator. When: until the ballot
    /// deadline, while other ballots hold the collateral.
    /// - `ballot`: index of the ballot.
    pub fn decline_ballot(ctx: Context<DeclineBallot>, ballot: u8) -> Result<()> {
        instructions::decline_ballot::handler(ctx, ballot)
    }

    /// Fines a drawn verifier that neither cast nor declined its ballot.
    ///
    /// Caller: anybody. When: once per ballot, after the ballot deadline. A proof that ended casting
    /// early fines nobody.
    /// - `ballot`: index of the ballot.
    pub fn report_silent(ctx: Context<ReportSilent>, ballot: u8) -> Result<()> {
        instructions::report_silent::handler(ctx, ballot)
    }

    /// Opens a ballot that was cast.
    ///
    /// Caller: anybody who knows the salt. When: after the ballot deadline, until the reveal
    /// deadline.
    /// - `ballot`: index of the ballot.
    /// - `choice`: code of `Choice`.
    /// - `operator`: index of the operator that a rejection calls wrong; 0 otherwise.
    /// - `element`: index into the stored elements of its output; 0 otherwise.
    /// - `salt`: the 32 bytes that the commitment contains.
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

    /// Counts the ballots and decides, opens a dispute, asks the provider for data, or has more
    /// verifiers drawn.
    ///
    /// Caller: anybody, who earns a tip. When: once all ballots of the latest draw are revealed or
    /// late.
    pub fn tally(ctx: Context<Tally>) -> Result<()> {
        instructions::tally::handler(ctx)
    }

    /// Credits everyone for a result that is paid and ends the job.
    ///
    /// Caller: anybody, who earns a tip. When: after the window of a decided result, or of a
    /// dispute without a proof.
    pub fn settle(ctx: Context<Settle>) -> Result<()> {
        instructions::settle::handler(ctx)
    }

    /// Ends a job whose result was proven wrong or cannot be had: no provider is paid, the buyer
    /// gets the price back.
    ///
    /// Caller: anybody, who earns a tip. When: once the result is decided, after the provider was
    /// slashed where one must be.
    pub fn void(ctx: Context<Void>) -> Result<()> {
        instructions::void::handler(ctx)
    }

    /// Frees what a ballot exposed. A ballot that was cast and not revealed costs its verifier the
    /// silence fee.
    ///
    /// Caller: anybody. When: once per ballot, when the verdict is settled.
    /// - `ballot`: index of the ballot.
    pub fn release_ballot(ctx: Context<ReleaseBallot>, ballot: u8) -> Result<()> {
        instructions::release_ballot::handler(ctx, ballot)
    }

    /// Turns an empty account of this program into a buffer for evidence.
    ///
    /// Caller: the challenger; the payer signs too. When: in the transaction that creates the
    /// account.
    /// - `length`: bytes of evidence that the account has room for.
    pub fn open_buffer(ctx: Context<OpenBuffer>, length: u32) -> Result<()> {
        instructions::open_buffer::handler(ctx, length)
    }

    /// Writes evidence into a buffer.
    ///
    /// Caller: the challenger of the buffer. When: at any time.
    /// - `offset`: bytes from the start of the evidence.
    /// - `bytes`: what to write there.
    pub fn write_buffer(ctx: Context<WriteBuffer>, offset: u32, bytes: Vec<u8>) -> Result<()> {
        instructions::write_buffer::handler(ctx, offset, bytes)
    }

    /// Closes a buffer and returns its rent to its payer.
    ///
    /// Caller: the challenger of the buffer. When: at any time.
    pub fn close_buffer(ctx: Context<CloseBuffer>) -> Result<()> {
        instructions::close_buffer::handler(ctx)
    }

    /// Announces a challenge without revealing the element, and names the beneficiary: the party
    /// that the bounty is for.
    ///
    /// Caller: the challenger, which pays the rent. When: once per challenger and job.
    /// - `hash`: SHA-256 of operator, element, challenger and salt.
    pub fn place_ticket(ctx: Context<PlaceTicket>, hash: [u8; 32]) -> Result<()> {
        instructions::place_ticket::handler(ctx, hash)
    }

    /// Closes a ticket and returns its rent.
    ///
    /// Caller: the challenger of the ticket. When: at any time.
    pub fn close_ticket(ctx: Context<CloseTicket>) -> Result<()> {
        instructions::close_ticket::handler(ctx)
    }

    /// Lets the referee recompute one committed element from the evidence; if it is wrong, convicts
    /// whoever committed it and issues a receipt.
    ///
    /// Caller: a challenger with a ticket of at least `TICKET_AGE` slots, or anybody for a verifier
    /// whose revealed ballot rejects this element and gets the bounty. When: from the last commit until the window of the
    /// result ends.
    /// - `operator`: index of the operator.
    /// - `element`: index into the stored elements of its output.
    /// - `salt`: the 32 bytes that the ticket contains; zeros without one.
    /// - `ballot`: index of the ballot that rejects the element; none with a ticket.
    /// - `tail`: the last bytes of the evidence, after those in the buffer.
    pub fn prove_fraud(
        ctx: Context<ProveFraud>,
        operator: u32,
        element: u32,
        salt: [u8; 32],
        ballot: Option<u8>,
        tail: Vec<u8>,
    ) -> Result<()> {
        instructions::prove_fraud::handler(ctx, operator, element, salt, ballot, tail)
    }

    /// Shows that the buyer ordered the proven lie: the provider keeps its stake.
    ///
    /// Caller: anybody who knows the salt. When: until `VerdictParams.trap_slots` after the proof.
    /// - `salt`: the 32 bytes that the trap contains.
    pub fn open_trap(ctx: Context<OpenTrap>, salt: [u8; 32]) -> Result<()> {
        instructions::open_trap::handler(ctx, salt)
    }

    /// Takes the convicted provider's exposure: a share is burned, the rest goes to the job's vault,
    /// or to the fee vault when data was withheld.
    ///
    /// Caller: anybody. When: once, when no trap can be opened any more.
    pub fn slash_provider(ctx: Context<SlashProvider>) -> Result<()> {
        instructions::slash_provider::handler(ctx)
    }

    /// Takes the exposure of a verifier that accepted what was proven wrong: a share is burned, the
    /// rest goes to the shard's fee vault.
    ///
    /// Caller: anybody. When: once per ballot, after the proof.
    /// - `ballot`: index of the ballot.
    pub fn slash_ballot(ctx: Context<SlashBallot>, ballot: u8) -> Result<()> {
        instructions::slash_ballot::handler(ctx, ballot)
    }

    /// Shows one of the elements that the provider was asked for.
    ///
    /// Caller: anybody, from a buffer of its own. When: until the deadline for answers, once per
    /// question.
    /// - `question`: index of the question, below `QUESTIONS`.
    /// - `tail`: the last bytes of the evidence, after those in the buffer.
    pub fn answer_element(ctx: Context<AnswerElement>, question: u8, tail: Vec<u8>) -> Result<()> {
        instructions::answer_element::handler(ctx, question, tail)
    }

    /// Makes the provider show elements because the buyer cannot get the data of a result that it
    /// is about to pay for.
    ///
    /// Caller: the buyer. When: once, within the window of the result.
    pub fn demand_answers(ctx: Context<DemandAnswers>) -> Result<()> {
        instructions::demand_answers::handler(ctx)
    }

    /// Convicts the provider of the first question without an answer and issues a receipt.
    ///
    /// Caller: anybody, who pays the rent of the receipt. When: after the deadline for answers.
    pub fn expire_answers(ctx: Context<ExpireAnswers>) -> Result<()> {
        instructions::expire_answers::handler(ctx)
    }

    /// Closes a verdict and returns its rent to its payer.
    ///
    /// Caller: anybody. When: once it is settled, all ballots are released and all silence is
    /// reported, or once the registry ended the job without it.
    pub fn close_verdict(ctx: Context<CloseVerdict>) -> Result<()> {
        instructions::close_verdict::handler(ctx)
    }
}
