use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use escrow::{program::Escrow as EscrowProgram, state::Escrow};
use protocol::addresses::REDUNDANCY_CPI;
use staking::state::Terms;

use super::ending::conclude_step;
use crate::{
    errors::{Checked, RedundancyError},
    events::TaskDecided,
    state::Task,
};

/// Anyone may crank and earns a tip.
#[derive(Accounts)]
pub struct Decide<'info> {
    pub cranker: Signer<'info>,
    #[account(constraint = terms.load()?.govern(task.load()?.terms) @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
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
    /// CHECK: escrow checks it
    #[cfg_attr(
        feature = "idl-build",
        account(
            mut,
            seeds = [protocol::seeds::VAULT, task.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::ESCROW,
        )
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the token program compares it with the vault's
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    pub escrow_program: Program<'info, EscrowProgram>,
    pub token_program: Program<'info, Token>,
}

pub(crate) fn handler(ctx: Context<Decide>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let key = accounts.task.key();
    require_keys_eq!(accounts.escrow.load()?.job, key, RedundancyError::WrongEscrow);
    let mut task = accounts.task.load_mut()?;
    let fee_bps = {
        let terms = accounts.terms.load()?;
        task.decide(clock.slot, &terms.parameters.redundancy)?;
        terms.parameters.escrow.fee_bps
    };
    let infos = [
        accounts.authority.to_account_info(),
        accounts.escrow.to_account_info(),
        accounts.vault.to_account_info(),
        accounts.mint.to_account_info(),
        accounts.token_program.to_account_info(),
    ];
    let settlement = conclude_step(&mut task, accounts.cranker.key(), fee_bps, &infos)?;
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
        burned: settlement.burned,
    });
    Ok(())
}
