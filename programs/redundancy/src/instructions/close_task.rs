use anchor_lang::prelude::*;
use protocol::{addresses, seeds};

use crate::{errors::RedundancyError, events::TaskClosed, state::Task};

/// Anyone may crank once the task owes nobody anything. The rent returns to the buyer.
#[derive(Accounts)]
pub struct CloseTask<'info> {
    /// CHECK: the task names it; it receives the rent
    #[account(mut)]
    pub buyer: UncheckedAccount<'info>,
    #[account(mut, has_one = buyer @ RedundancyError::Unauthorized, close = buyer)]
    pub task: AccountLoader<'info, Task>,
    /// CHECK: must be the empty address of the task's escrow
    #[account(
        seeds = [seeds::ESCROW, task.key().as_ref()],
        bump = task.load()?.escrow_bump,
        seeds::program = addresses::ESCROW,
        constraint = escrow.data_is_empty() @ RedundancyError::EscrowOpen,
    )]
    pub escrow: UncheckedAccount<'info>,
}

pub(crate) fn handler(ctx: Context<CloseTask>) -> Result<()> {
    let key = ctx.accounts.task.key();
    let mut task = ctx.accounts.task.load_mut()?;
    task.require_closable()?;
    emit!(TaskClosed {
        envelope: task.next_envelope(&Clock::get()?)?,
        task: key,
        buyer: task.buyer,
        id: task.id,
    });
    Ok(())
}
