use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use protocol::addresses::REDUNDANCY_CPI;
use staking::{
    calls::unlock_exposure,
    program::Staking,
    state::{Exposure, Terms},
};

use super::ending::conclude_step;
use crate::{
    errors::{Checked, RedundancyError},
    events::JoiningClosed,
    state::Task,
    CPI_SIGNER,
};

/// Anyone may crank and earns a tip. Where the runs start with one provider less, its position, its
/// exposure and whoever paid the exposure's rent must be passed.
#[derive(Accounts)]
pub struct CloseJoining<'info> {
    pub cranker: Signer<'info>,
    #[account(constraint = terms.load()?.govern(task.load()?.terms) @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    #[cfg_attr(
        feature = "idl-build",
        account(
            mut,
            seeds = [protocol::seeds::ESCROW, task.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::ESCROW,
        )
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub escrow: AccountLoader<'info, Escrow>,
    /// CHECK: escrow checks it
    #[cfg_attr(
        feature = "idl-build",
        account(
            mut,
            seeds = [protocol::seeds::VAULT, task.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::ESCROW,
        )
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the token program compares it with the vault's
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    /// CHECK: staking compares it with the exposure
    #[account(mut)]
    pub position: Option<UncheckedAccount<'info>>,
    #[account(mut)]
    pub exposure: Option<AccountLoader<'info, Exposure>>,
    /// CHECK: staking compares it with the exposure's; it receives the rent
    #[account(mut)]
    pub payer: Option<UncheckedAccount<'info>>,
    pub escrow_program: Program<'info, EscrowProgram>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl CloseJoining<'_> {
    /// Releases the exposure of the provider that was freed and closes its account.
    fn free(&self, provider: &Pubkey) -> Result<()> {
        let (Some(position), Some(exposure), Some(payer)) =
            (&self.position, &self.exposure, &self.payer)
        else {
            return err!(RedundancyError::FreedRunMissing);
        };
        {
            let (task, exposure) = (self.task.key(), exposure.load()?);
            let right = exposure.job == task && exposure.owner == *provider;
            require!(right, RedundancyError::WrongRun);
        }
        let infos = [
            self.authority.to_account_info(),
            payer.to_account_info(),
            position.to_account_info(),
            exposure.to_account_info(),
        ];
        unlock_exposure(&infos, true, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<CloseJoining>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.task.key();
    require_keys_eq!(accounts.escrow.load()?.job, key, RedundancyError::WrongEscrow);
    let mut task = accounts.task.load_mut()?;
    let freed = {
        let terms = accounts.terms.load()?;
        task.close_joining(clock.slot, &terms.parameters.redundancy)?
    };
    if let Some(provider) = &freed {
        accounts.free(provider)?;
    }
    let infos = [
        accounts.authority.to_account_info(),
        accounts.escrow.to_account_info(),
        accounts.vault.to_account_info(),
        accounts.mint.to_account_info(),
        accounts.token_program.to_account_info(),
    ];
    // tips are free of fees, and no run is paid here
    let settlement = conclude_step(&mut task, accounts.cranker.key(), 0, &infos)?;
    emit!(JoiningClosed {
        envelope: task.next_envelope(&clock)?,
        task: key,
        joined: task.joined,
        freed,
        k: task.k,
        n: task.n,
        state: task.state,
        deadline: task.deadline,
        credited: settlement.credited().checked()?,
        burned: settlement.burned,
    });
    Ok(())
}
