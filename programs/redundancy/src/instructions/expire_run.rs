use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::state::Config;
use protocol::addresses::REDUNDANCY_CPI;
use staking::{
    calls::forfeit_bond,
    program::Staking,
    state::{Exposure, Terms},
};

use crate::{errors::RedundancyError, events::RunExpired, state::Task, CPI_SIGNER};

/// Anyone may crank and earns a tip. The bond goes to the fee vault. The buyer gets none of it, so
/// it gains nothing by keeping providers from its data.
#[derive(Accounts)]
pub struct ExpireRun<'info> {
    pub cranker: Signer<'info>,
    #[account(constraint = terms.load()?.govern(task.load()?.terms) @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    #[cfg_attr(
        feature = "idl-build",
        account(seeds = [protocol::seeds::CONFIG], bump, seeds::program = protocol::addresses::ESCROW)
    )]
    pub escrow_config: AccountLoader<'info, Config>,
    /// CHECK: the fee vault of the task's shard, which receives the bond
    #[account(
        mut,
        constraint = escrow_config.load()?.is_fee_vault(fee_vault.key, &task.key())
            @ RedundancyError::WrongVault,
    )]
    pub fee_vault: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub pool: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the exposure
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    #[account(mut)]
    pub exposure: AccountLoader<'info, Exposure>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub verifiers: UncheckedAccount<'info>,
    /// CHECK: checked by staking
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl ExpireRun<'_> {
    /// Returns the bond in base units.
    fn validate(&self, provider: &Pubkey) -> Result<u64> {
        let (task, exposure) = (self.task.key(), self.exposure.load()?);
        require!(exposure.job == task && exposure.owner == *provider, RedundancyError::WrongRun);
        Ok(exposure.bond)
    }

    fn forfeit(&self) -> Result<()> {
        let infos = [
            self.authority.to_account_info(),
            self.pool.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.verifiers.to_account_info(),
            self.stake_vault.to_account_info(),
            self.fee_vault.to_account_info(),
            self.token_program.to_account_info(),
        ];
        forfeit_bond(&infos, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<ExpireRun>, run: u8) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    {
        let mut task = accounts.task.load_mut()?;
        let terms = accounts.terms.load()?;
        let provider = task.expire(run, clock.slot, &terms.parameters.redundancy)?;
        let bond = accounts.validate(&provider)?;
        task.record_crank(accounts.cranker.key())?;
        emit!(RunExpired {
            envelope: task.next_envelope(&clock)?,
            task: accounts.task.key(),
            run,
            provider,
            bond,
            state: task.state,
            deadline: task.deadline,
        });
    }
    accounts.forfeit()
}
