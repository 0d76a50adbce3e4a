use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};

use super::{draw::SLOT_HASHES, issuing::Issuing};
use crate::{
    errors::VerdictError,
    events::DataWithheld,
    state::{Reason, Verdict},
};

/// Anyone may report an unanswered question after its deadline, and the provider of the data is
/// slashed. The payer pays for the receipt's rent. No tip is due, because this serves the buyer,
/// who gains far more.
#[derive(Accounts)]
pub struct ExpireAnswers<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(address = verdict.load()?.job @ VerdictError::JobMismatch)]
    pub job: AccountLoader<'info, Job>,
    #[account(address = verdict.load()?.graph @ VerdictError::JobMismatch)]
    pub graph: AccountLoader<'info, Graph>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [protocol::seeds::RECEIPT, job.key().as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub receipt: UncheckedAccount<'info>,
    /// CHECK: the address is the sysvar's; too large to deserialise.
    #[account(address = SLOT_HASHES)]
    pub slot_hashes: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<ExpireAnswers>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.require_unanswerable(clock.slot)?;
    verdict.learn_questions(&accounts.slot_hashes, clock.slot)?;
    let (stage, (operator, element)) = verdict.withhold(&*accounts.graph.load()?, clock.slot)?;
    let issuing = Issuing {
        payer: &accounts.payer,
        receipt: &accounts.receipt,
        input_root: accounts.job.load()?.input_root,
    };
    issuing.issue(&verdict, &stage, clock.slot, |receipt| {
        receipt.reason = Reason::Unanswered as u8;
        receipt.operator = operator;
        receipt.element = element;
    })?;
    let envelope = verdict.next_envelope(&clock)?;
    emit!(DataWithheld {
        envelope,
        job: verdict.job,
        provider: stage.provider,
        stage: verdict.fraud.stage,
        operator,
        element,
        answered: verdict.availability.answered,
    });
    Ok(())
}
