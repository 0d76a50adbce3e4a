use anchor_lang::prelude::*;
use protocol::addresses::JOB_REGISTRY_CPI;
use staking::{
    calls::unlock_exposure,
    program::Staking,
    state::{Exposure, Position},
};

use crate::{errors::RegistryError, state::Job, CPI_SIGNER};

#[derive(Accounts)]
pub struct ReleaseExposure<'info> {
    /// CHECK: a job that has ended, or the empty address of one that has been closed
    pub job: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the exposure and pays it the rent
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    #[account(mut)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, has_one = job @ RegistryError::WrongJob)]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: the program's own signer
    #[account(address = JOB_REGISTRY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
}

impl<'info> ReleaseExposure<'info> {
    fn validate(&'info self) -> Result<()> {
        // Stake is only exposed to existing jobs, and an ended job never comes back.
        if self.job.owner == &System::id() && self.job.data_is_empty() {
            return Ok(());
        }
        let job = AccountLoader::<Job>::try_from(&self.job)?;
        let ended = job.load()?.has_ended();
        require!(ended, RegistryError::JobNotEnded);
        Ok(())
    }
}

pub(crate) fn handler<'info>(ctx: Context<'info, ReleaseExposure<'info>>) -> Result<()> {
    let accounts: &'info ReleaseExposure<'info> = ctx.accounts;
    accounts.validate()?;
    let infos = [
        accounts.authority.to_account_info(),
        accounts.payer.to_account_info(),
        accounts.position.to_account_info(),
        accounts.exposure.to_account_info(),
    ];
    unlock_exposure(&infos, true, CPI_SIGNER)
}
