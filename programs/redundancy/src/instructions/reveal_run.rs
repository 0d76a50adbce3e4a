use anchor_lang::prelude::*;
use staking::state::Terms;

use crate::{errors::RedundancyError, events::RunRevealed, state::Task};

/// Anyone may pass an opening on: only the provider can have made it, and it reveals one run.
#[derive(Accounts)]
pub struct RevealRun<'info> {
    #[account(constraint = terms.load()?.govern(task.load()?.terms) @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
}

pub(crate) fn handler(
    ctx: Context<RevealRun>,
    run: u8,
    root: [u8; 32],
    salt: [u8; 32],
) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.task.key();
    let terms = accounts.terms.load()?;
    let mut task = accounts.task.load_mut()?;
    let provider = task.reveal(&key, run, root, &salt, clock.slot, &terms.parameters.redundancy)?;
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
