use anchor_lang::prelude::*;
use protocol::addresses::REDUNDANCY_CPI;
use staking::{calls::unlock_exposure, program::Staking, state::Exposure};

use crate::{errors::RedundancyError, events::BondReleased, state::Task, CPI_SIGNER};

/// Anyone may crank once the task has ended, because only the provider receives anything.
#[derive(Accounts)]
pub struct ReleaseBond<'info> {
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    /// CHECK: the run's provider; receives the exposure's rent
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the owner
    #[cfg_attr(
        feature = "idl-build",
        account(
            mut,
            seeds = [protocol::seeds::POSITION, owner.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::STAKING,
        )
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub position: UncheckedAccount<'info>,
    #[cfg_attr(
        feature = "idl-build",
        account(
            mut,
            seeds = [protocol::seeds::EXPOSURE, task.key().as_ref(), owner.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::STAKING,
        )
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
}

impl ReleaseBond<'_> {
    fn validate(&self, provider: &Pubkey) -> Result<()> {
        let (task, exposure) = (self.task.key(), self.exposure.load()?);
        require!(
            self.owner.key == provider && exposure.owner == *provider && exposure.job == task,
            RedundancyError::WrongRun
        );
        Ok(())
    }

    fn unlock(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.owner.to_account_info(),
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
