use anchor_lang::prelude::*;
use escrow::state::{Escrow, EscrowState};
use protocol::{fixed::bps_ceil, seeds};
use staking::state::{Position, Terms};

use crate::{
    errors::{Checked, RegistryError},
    events::{envelope, JobPosted},
    state::{
        score::score, validate_url, Buyer, Graph, Job, Url, MAX_DRAWS, MAX_VERIFIERS,
        PAID_CRANK_STEPS,
    },
};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct JobOffer {
    /// Merkle root over the roots of the job's inputs.
    pub input_root: [u8; 32],
    /// SHA-256 of the data manifest.
    pub manifest: [u8; 32],
    /// URL where the buyer serves the data, in printable ASCII, padded with zeros.
    pub source: Url,
    /// SHA-256 of the buyer's 32 secret bytes.
    pub salt_commitment: [u8; 32],
    /// 32 random bytes, or the hash of a trap.
    pub trap: [u8; 32],
    /// Number of verifiers per draw: odd, at most `MAX_VERIFIERS`.
    pub verifiers: u8,
    /// Maximum price of the work in base units of $NLOV.
    pub price: u64,
    /// Base units of $NLOV for each ballot that is paid.
    pub verification_fee: u64,
    /// Base units of $NLOV for each paid crank step.
    pub tip: u64,
    /// Base units of $NLOV of the premium, without the share that the escrow burned.
    pub urgency: u64,
}

#[derive(Accounts)]
#[instruction(job_id: u64)]
pub struct PostJob<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(constraint = terms.load()?.is_current() @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut, has_one = owner @ RegistryError::Unauthorized)]
    pub buyer: Account<'info, Buyer>,
    pub graph: AccountLoader<'info, Graph>,
    #[account(
        init,
        payer = owner,
        space = Job::SPACE,
        seeds = [seeds::JOB, owner.key().as_ref(), &job_id.to_le_bytes()],
        bump,
    )]
    pub job: AccountLoader<'info, Job>,
    pub escrow: AccountLoader<'info, Escrow>,
    /// The buyer's position, if its stake should count in the score.
    #[account(has_one = owner @ RegistryError::WrongPosition)]
    pub position: Option<AccountLoader<'info, Position>>,
    pub system_program: Program<'info, System>,
}

impl PostJob<'_> {
    fn validate(&self, job_id: u64, offer: &JobOffer) -> Result<()> {
        require!(job_id == self.buyer.next_job_id, RegistryError::WrongJobId);
        require!(
            offer.verifiers <= MAX_VERIFIERS && offer.verifiers % 2 == 1,
            RegistryError::InvalidVerifierCount
        );
        validate_url(&offer.source)?;
        require!(self.graph.load()?.is_sealed(), RegistryError::GraphOpen);
        self.validate_floors(offer)?;
        self.validate_escrow(offer)
    }

    /// Refuses offers that cost others more than they pay: every drawn ballot binds collateral.
    fn validate_floors(&self, offer: &JobOffer) -> Result<()> {
        let terms = self.terms.load()?;
        let (registry, verdict) = (&terms.parameters.job_registry, &terms.parameters.verdict);
        require_gte!(offer.price, registry.min_price, RegistryError::PriceTooLow);
        require_gte!(offer.tip, registry.min_tip, RegistryError::TipTooLow);
        let rent = bps_ceil(verdict.ballot_exposure, verdict.ballot_rent_bps).checked()?;
        require_gte!(offer.verification_fee, rent, RegistryError::VerificationFeeTooLow);
        Ok(())
    }

    fn validate_escrow(&self, offer: &JobOffer) -> Result<()> {
        let escrow = self.escrow.load()?;
        require!(
            escrow.job == self.job.key() && escrow.buyer == self.owner.key(),
            RegistryError::WrongEscrow
        );
        require!(escrow.is(EscrowState::Locked), RegistryError::EscrowFinal);
        require!(escrow.terms == self.terms.load()?.version, RegistryError::WrongTerms);
        let ballots = u64::from(offer.verifiers).checked_mul(MAX_DRAWS.into()).checked()?;
        let verification = offer.verification_fee.checked_mul(ballots).checked()?;
        let tips = offer.tip.checked_mul(PAID_CRANK_STEPS.into()).checked()?;
        require!(
            (escrow.price, escrow.verification, escrow.tips, escrow.urgency)
                == (offer.price, verification, tips, offer.urgency),
            RegistryError::EscrowMismatch
        );
        Ok(())
    }
}

pub(crate) fn handler(ctx: Context<PostJob>, job_id: u64, offer: JobOffer) -> Result<()> {
    let accounts = ctx.accounts;
    accounts.validate(job_id, &offer)?;
    let clock = Clock::get()?;
    let market = accounts.terms.load()?;
    let params = &market.parameters.job_registry;
    let key = accounts.job.key();
    let graph = accounts.graph.load()?;
    let mut job = accounts.job.load_init()?;

    job.buyer = accounts.owner.key();
    job.graph = accounts.graph.key();
    job.spec_root = graph.spec_root;
    job.input_root = offer.input_root;
    job.manifest = offer.manifest;
    job.source = offer.source;
    job.salt_commitment = offer.salt_commitment;
    job.trap = offer.trap;
    job.id = job_id;
    job.macs = graph.macs;
    job.operators = graph.operators;
    job.price = offer.price;
    job.verification_fee = offer.verification_fee;
    job.tip = offer.tip;
    job.urgency = offer.urgency;
    job.verifiers = offer.verifiers;
    job.terms = market.version;
    job.bump = ctx.bumps.job;
    job.escrow_bump = accounts.escrow.load()?.bump;
    job.open_window(clock.slot, params)?;
    let stake = match &accounts.position {
        Some(position) => position.load()?.standing(market.window(clock.slot).checked()?),
        None => 0,
    };
    job.score_q32 = score(params, stake, offer.urgency, graph.macs).checked()?;

    accounts.buyer.next_job_id = job_id.checked_add(1).checked()?;

    emit!(JobPosted {
        envelope: envelope(&mut job.sequence, &clock)?,
        job: key,
        buyer: job.buyer,
        id: job.id,
        graph: job.graph,
        macs: job.macs,
        price: job.price,
        verification_fee: job.verification_fee,
        tip: job.tip,
        urgency: job.urgency,
        claim_deadline: job.claim_deadline,
        score_q32: job.score_q32,
        terms: job.terms,
    });
    Ok(())
}
