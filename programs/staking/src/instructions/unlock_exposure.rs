use anchor_lang::prelude::*;

use crate::{
    errors::StakingError,
    events::ExposureUnlocked,
    state::{Exposure, ExposureState, Position},
};

/// The program that locked an exposure can release it, and close it then or later.
#[derive(Accounts)]
pub struct UnlockExposure<'info> {
    pub authority: Signer<'info>,
    /// CHECK: the exposure names it; it receives the rent
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    #[account(mut, constraint = position.load()?.owner == exposure.load()?.owner @ StakingError::WrongExposure)]
    pub position: AccountLoader<'info, Position>,
    #[account(
        mut,
        has_one = payer @ StakingError::WrongExposure,
        has_one = authority @ StakingError::WrongCaller,
    )]
    pub exposure: AccountLoader<'info, Exposure>,
}

impl UnlockExposure<'_> {
    pub fn handler(ctx: Context<Self>, close: bool) -> Result<()> {
        let accounts = ctx.accounts;
        let mut position = accounts.position.load_mut()?;
        let mut exposure = accounts.exposure.load_mut()?;
        let amount =
            if close && exposure.is(ExposureState::Released) { 0 } else { exposure.release()? };
        position.release(&exposure, amount).ok_or(StakingError::Overflow)?;
        emit!(ExposureUnlocked {
            envelope: position.envelope(&Clock::get()?)?,
            job: exposure.job,
            owner: exposure.owner,
            amount,
            exposed: position.exposed,
            closed: close,
        });
        drop(exposure);
        if close {
            accounts.exposure.close(accounts.payer.to_account_info())?;
        }
        Ok(())
    }
}
