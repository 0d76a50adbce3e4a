use anchor_lang::prelude::*;
use protocol::addresses::VERDICT_CPI;

use crate::{
    errors::StakingError,
    events::CatchRecorded,
    state::{Exposure, Pool, Position, VerifierTree},
};

/// Verdict can record, once per exposure that it locked, that the exposure's owner noticed a fraud.
#[derive(Accounts)]
pub struct RecordCatch<'info> {
    #[account(address = VERDICT_CPI @ StakingError::WrongCaller)]
    pub authority: Signer<'info>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, constraint = position.load()?.owner == exposure.load()?.owner @ StakingError::WrongExposure)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, has_one = authority @ StakingError::WrongCaller)]
    pub exposure: AccountLoader<'info, Exposure>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
}

impl RecordCatch<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let mut position = accounts.position.load_mut()?;
        let mut exposure = accounts.exposure.load_mut()?;
        exposure.catch()?;
        position.record_catch();
        let minimum = accounts.pool.load()?.params.min_verifier_stake;
        let weight = position.weigh(&accounts.verifiers, minimum)?;
        emit!(CatchRecorded {
            envelope: position.envelope(&Clock::get()?)?,
            job: exposure.job,
            owner: position.owner,
            catch_rate: position.catch_rate,
            weight,
        });
        Ok(())
    }
}
