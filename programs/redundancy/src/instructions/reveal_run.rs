use anchor_lang::prelude::*;

use crate::{
    events::RunRevealed,
    state::{Config, Task},
};

#[derive(Accounts)]
pub struct RevealRun<'info> {
    pub owner: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
}

pub(crate) fn handler(ctx: Context<RevealRun>, root: [u8; 32], salt: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let provider = accounts.owner.key();
    let key = accounts.task.key();
    let mut task = accounts.task.load_mut()?;
    let run = task.index_of(&provider)?;
    task.reveal(&key, run, root, &salt, clock.slot, &accounts.config.params)?;
    emit!(RunRevealed {
        envelope: task.next_envelope(&clock)?,
        task: key,
        run,
        provider,
        root,
        state: task.state,
        deadline: task.deadline,
    });
    Ok(())
}
