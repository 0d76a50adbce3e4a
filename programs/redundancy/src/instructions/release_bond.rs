use anchor_lang::prelude::*;
use protocol::addresses::REDUNDANCY_CPI;
use staking::{calls::unlock_exposure, program::Staking, state::Exposure};

use crate::{errors::RedundancyError, events::BondReleased, state::Task, CPI_SIGNER};

/// Anyone may crank once the task has ended, because only the provider and whoever
/// paid the rent receive anything.
#[derive(Accounts)]
pub struct ReleaseBond<'info> {
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    /// CHECK: staking compares it with the exposure's; it receives the rent
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the exposure
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    #[account(mut)]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
}

impl ReleaseBond<'_> {
    fn validate(&self, provider: &Pubkey) -> Result<()> {
        let (task, exposure) = (self.task.key(), self.exposure.load()?);
        require!(exposure.job == task && exposure.owner == *provider, RedundancyError::WrongRun);
        Ok(())
    }

    fn unlock(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.payer.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
        ];
        unlock_exposure(&infos, true, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<ReleaseBond>, run: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let mut task = accounts.task.load_mut()?;
    let provider = task.release(run)?;
    accounts.validate(&provider)?;
    emit!(BondReleased {
        envelope: task.next_envelope(&Clock::get()?)?,
        task: accounts.task.key(),
        run,
        provider,
    });
    accounts.unlock()
}
