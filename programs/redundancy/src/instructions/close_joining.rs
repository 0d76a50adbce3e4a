use anchor_lang::prelude::*;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use protocol::addresses::REDUNDANCY_CPI;

use super::ending::conclude_step;
use crate::{
    errors::{Checked, RedundancyError},
    events::JoiningClosed,
    state::{Config, Task},
};

/// Anyone may crank and earns a tip.
#[derive(Accounts)]
pub struct CloseJoining<'info> {
    pub cranker: Signer<'info>,
    pub config: Account<'info, Config>,
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
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub escrow_program: Program<'info, EscrowProgram>,
}

pub(crate) fn handler(ctx: Context<CloseJoining>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.task.key();
    require_keys_eq!(accounts.escrow.load()?.job, key, RedundancyError::WrongEscrow);
    let mut task = accounts.task.load_mut()?;
    task.close_joining(clock.slot, &accounts.config.params)?;
    let (cranker, escrow) = (accounts.cranker.key(), accounts.escrow.as_ref());
    // tips are free of fees, and no run is paid here
    let settlement = conclude_step(&mut task, cranker, 0, &accounts.authority, escrow)?;
    emit!(JoiningClosed {
        envelope: task.next_envelope(&clock)?,
        task: key,
        joined: task.joined,
        state: task.state,
        deadline: task.deadline,
        credited: settlement.credited().checked()?,
    });
    Ok(())
}
