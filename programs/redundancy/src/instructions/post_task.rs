use anchor_lang::prelude::*;
use escrow::state::{Escrow, EscrowState};
use protocol::{seeds, url::is_url};
use staking::state::Terms;

use crate::{
    errors::{Checked, RedundancyError},
    events::TaskPosted,
    state::{
        validate_output, Buyer, Task, Tolerance, MAX_TASK_RUNS, MIN_TASK_RUNS, PAID_CRANK_STEPS,
    },
};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct TaskOffer {
    /// SHA-256 of the kernel package.
    pub kernel: [u8; 32],
    /// SHA-256 of the input manifest.
    pub input: [u8; 32],
    /// URL where the buyer serves package and inputs, in printable ASCII, padded with zeros.
    pub source: [u8; 96],
    /// Bytes of an output, at most `MAX_TENSOR_BYTES`.
    pub output_bytes: u64,
    /// Code of `Element`.
    pub element: u8,
    /// How far apart two elements may be and still agree.
    pub tolerance: Tolerance,
    /// Number of runs wanted at first: 3, 5 or 7. The majority of them must agree.
    pub n: u8,
    /// Number of runs whose price the buyer locks: 3, 5 or 7, at least `n`.
    pub max_runs: u8,
    /// Base units of $NLOV for each paid run, at least `min_price`.
    pub price: u64,
    /// Base units of $NLOV for each paid crank step, at least `min_tip`.
    pub tip: u64,
}

impl TaskOffer {
    fn validate(&self) -> Result<()> {
        require!(is_url(&self.source), RedundancyError::InvalidUrl);
        validate_output(self.output_bytes, self.element, &self.tolerance)?;
        let odd = [self.n, self.max_runs].iter().all(|runs| !runs.is_multiple_of(2));
        require!(
            odd && self.n >= MIN_TASK_RUNS
                && self.max_runs >= self.n
                && usize::from(self.max_runs) <= MAX_TASK_RUNS,
            RedundancyError::InvalidRunCount
        );
        Ok(())
    }
}

/// Follows `escrow::lock` in one transaction, which locks the price of the maximum number of runs,
/// and the tips.
#[derive(Accounts)]
#[instruction(task_id: u64)]
pub struct PostTask<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(constraint = terms.load()?.is_current() @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut, has_one = owner @ RedundancyError::Unauthorized)]
    pub buyer: Account<'info, Buyer>,
    #[account(
        init,
        payer = owner,
        space = Task::SPACE,
        seeds = [seeds::TASK, owner.key().as_ref(), &task_id.to_le_bytes()],
        bump,
    )]
    pub task: AccountLoader<'info, Task>,
    #[cfg_attr(
        feature = "idl-build",
        account(
            seeds = [seeds::ESCROW, task.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::ESCROW,
        )
    )]
    pub escrow: AccountLoader<'info, Escrow>,
    pub system_program: Program<'info, System>,
}

impl PostTask<'_> {
    fn validate(&self, task_id: u64, offer: &TaskOffer) -> Result<()> {
        require!(task_id == self.buyer.next_task_id, RedundancyError::WrongTaskId);
        offer.validate()?;
        self.validate_floors(offer)?;
        self.validate_escrow(offer)
    }

    fn validate_floors(&self, offer: &TaskOffer) -> Result<()> {
        let terms = self.terms.load()?;
        let floors = &terms.parameters.job_registry;
        require_gte!(offer.price, floors.min_price, RedundancyError::PriceTooLow);
        require_gte!(offer.tip, floors.min_tip, RedundancyError::TipTooLow);
        Ok(())
    }

    fn validate_escrow(&self, offer: &TaskOffer) -> Result<()> {
        let escrow = self.escrow.load()?;
        require!(
            escrow.job == self.task.key() && escrow.buyer == self.owner.key(),
            RedundancyError::WrongEscrow
        );
        require!(escrow.is(EscrowState::Locked), RedundancyError::EscrowFinal);
        require!(escrow.terms == self.terms.load()?.version, RedundancyError::WrongTerms);
        let price = offer.price.checked_mul(u64::from(offer.max_runs)).checked()?;
        let tips = offer.tip.checked_mul(u64::from(PAID_CRANK_STEPS)).checked()?;
        require!(
            (escrow.price, escrow.verification, escrow.tips, escrow.urgency) == (price, 0, tips, 0),
            RedundancyError::EscrowMismatch
        );
        Ok(())
    }
}

pub(crate) fn handler(ctx: Context<PostTask>, task_id: u64, offer: TaskOffer) -> Result<()> {
    let accounts = ctx.accounts;
    accounts.validate(task_id, &offer)?;
    let clock = Clock::get()?;
    let key = accounts.task.key();
    let mut task = accounts.task.load_init()?;
    task.buyer = accounts.owner.key();
    task.id = task_id;
    task.kernel = offer.kernel;
    task.input = offer.input;
    task.source = offer.source;
    task.output_bytes = offer.output_bytes;
    task.element = offer.element;
    task.tolerance = offer.tolerance;
    task.want(offer.n)?;
    task.max_runs = offer.max_runs;
    task.price = offer.price;
    task.tip = offer.tip;
    task.bump = ctx.bumps.task;
    task.escrow_bump = accounts.escrow.load()?.bump;
    {
        let market = accounts.terms.load()?;
        task.terms = market.version;
        task.open_joining(clock.slot, &market.parameters.redundancy)?;
    }
    accounts.buyer.next_task_id = task_id.checked_add(1).checked()?;
    emit!(TaskPosted {
        envelope: task.next_envelope(&clock)?,
        task: key,
        buyer: task.buyer,
        id: task_id,
        kernel: task.kernel,
        output_bytes: task.output_bytes,
        element: task.element,
        tolerance: task.tolerance,
        k: task.k,
        n: task.n,
        max_runs: task.max_runs,
        price: task.price,
        tip: task.tip,
        deadline: task.deadline,
        terms: task.terms,
    });
    Ok(())
}
