use anchor_lang::prelude::*;

use crate::{
    events::RunCommitted,
    state::{Config, Task},
};

#[derive(Accounts)]
pub struct CommitRun<'info> {
    pub owner: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
}

pub(crate) fn handler(ctx: Context<CommitRun>, commitment: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let provider = accounts.owner.key();
    let mut task = accounts.task.load_mut()?;
    let run = task.index_of(&provider)?;
    task.commit(run, commitment, clock.slot, &accounts.config.params)?;
    emit!(RunCommitted {
        envelope: task.next_envelope(&clock)?,
        task: accounts.task.key(),
        run,
        provider,
        state: task.state,
        deadline: task.deadline,
    });
    Ok(())
}
