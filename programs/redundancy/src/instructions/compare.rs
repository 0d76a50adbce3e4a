use anchor_lang::prelude::*;
use staking::state::Position;

use crate::{errors::RedundancyError, events::RunCompared, state::Task};

#[derive(Accounts)]
pub struct Compare<'info> {
    /// The provider or its operator.
    pub signer: Signer<'info>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    #[account(constraint = position.load()?.acts(signer.key) @ RedundancyError::NotOperator)]
    pub position: AccountLoader<'info, Position>,
}

pub(crate) fn handler(ctx: Context<Compare>, agrees: u8) -> Result<()> {
    let clock = Clock::get()?;
    let provider = ctx.accounts.position.load()?.owner;
    let mut task = ctx.accounts.task.load_mut()?;
    let run = task.index_of(&provider)?;
    task.compare(run, agrees, clock.slot)?;
    emit!(RunCompared {
        envelope: task.next_envelope(&clock)?,
        task: ctx.accounts.task.key(),
        run,
        provider,
        agrees,
        state: task.state,
    });
    Ok(())
}
