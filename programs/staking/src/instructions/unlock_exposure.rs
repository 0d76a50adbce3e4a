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
    pub owner: UncheckedAccount<'info>,
    #[account(mut, has_one = owner @ StakingError::WrongExposure)]
    pub position: Box<Account<'info, Position>>,
    #[account(
        mut,
        has_one = owner @ StakingError::WrongExposure,
        has_one = authority @ StakingError::WrongCaller,
    )]
    pub exposure: Box<Account<'info, Exposure>>,
}

impl UnlockExposure<'_> {
    pub fn handler(ctx: Context<Self>, close: bool) -> Result<()> {
        let accounts = ctx.accounts;
        let (position, exposure) = (&mut accounts.position, &mut accounts.exposure);
        let amount = if close && exposure.state == ExposureState::Released {
            0
        } else {
            exposure.release()?
        };
        position.release(amount).ok_or(StakingError::Overflow)?;
        emit!(ExposureUnlocked {
            envelope: position.envelope(&Clock::get()?)?,
            job: exposure.job,
            owner: exposure.owner,
            amount,
            exposed: position.exposed,
            closed: close,
        });
        if close {
            exposure.close(accounts.owner.to_account_info())?;
        }
        Ok(())
    }
}
