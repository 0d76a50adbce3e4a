use anchor_lang::prelude::*;

use crate::{events::RunCompared, state::Task};

#[derive(Accounts)]
pub struct Compare<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
}

pub(crate) fn handler(ctx: Context<Compare>, agrees: u8) -> Result<()> {
    let clock = Clock::get()?;
    let provider = ctx.accounts.owner.key();
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
