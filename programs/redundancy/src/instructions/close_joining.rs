use anchor_lang::prelude::*;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use protocol::addresses::REDUNDANCY_CPI;

use super::ending::settle_escrow;
use crate::{
    errors::{Checked, RedundancyError},
    events::JoiningClosed,
    state::{Config, Settlement, State, Task},
};

/// Anyone may crank, for a tip.
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
    task.record_crank(accounts.cranker.key())?;
    let settlement = if task.is(State::Running) {
        Settlement::default()
    } else {
        // tips bear no fee, and no run is paid here
        settle_escrow(&task, 0, &accounts.authority, accounts.escrow.as_ref())?
    };
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
