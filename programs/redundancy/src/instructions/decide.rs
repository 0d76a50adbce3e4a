use anchor_lang::prelude::*;
use escrow::{
    program::Escrow as EscrowProgram,
    state::{Config as EscrowConfig, Escrow},
};
use protocol::addresses::REDUNDANCY_CPI;

use super::ending::conclude_step;
use crate::{
    errors::{Checked, RedundancyError},
    events::TaskDecided,
    state::{Config, Task},
};

/// Anyone may crank and earns a tip.
#[derive(Accounts)]
pub struct Decide<'info> {
    pub cranker: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    #[cfg_attr(
        feature = "idl-build",
        account(seeds = [protocol::seeds::CONFIG], bump, seeds::program = protocol::addresses::ESCROW)
    )]
    pub escrow_config: AccountLoader<'info, EscrowConfig>,
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

pub(crate) fn handler(ctx: Context<Decide>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.task.key();
    require_keys_eq!(accounts.escrow.load()?.job, key, RedundancyError::WrongEscrow);
    let mut task = accounts.task.load_mut()?;
    task.decide(clock.slot, &accounts.config.params)?;
    let (cranker, escrow) = (accounts.cranker.key(), accounts.escrow.as_ref());
    let fee_bps = accounts.escrow_config.load()?.params.fee_bps;
    let settlement = conclude_step(&mut task, cranker, fee_bps, &accounts.authority, escrow)?;
    emit!(TaskDecided {
        envelope: task.next_envelope(&clock)?,
        task: key,
        state: task.state,
        paid: task.paid,
        k: task.k,
        n: task.n,
        round: task.round,
        deadline: task.deadline,
        credited: settlement.credited().checked()?,
        fee: settlement.fee,
    });
    Ok(())
}
