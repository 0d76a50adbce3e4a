use anchor_lang::prelude::*;
use staking::state::{Position, Terms};

use crate::{errors::RedundancyError, events::RunCommitted, state::Task};

#[derive(Accounts)]
pub struct CommitRun<'info> {
    /// The provider or its operator.
    pub signer: Signer<'info>,
    #[account(constraint = terms.load()?.govern(task.load()?.terms) @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    #[account(constraint = position.load()?.acts(signer.key) @ RedundancyError::NotOperator)]
    pub position: AccountLoader<'info, Position>,
}

pub(crate) fn handler(ctx: Context<CommitRun>, commitment: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let provider = accounts.position.load()?.owner;
    let terms = accounts.terms.load()?;
    let mut task = accounts.task.load_mut()?;
    let run = task.index_of(&provider)?;
    task.commit(run, commitment, clock.slot, &terms.parameters.redundancy)?;
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
