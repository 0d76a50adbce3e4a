use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    errors::StakingError,
    events::UnstakeRequested,
    state::{Pool, Position, Ticket},
};

/// An owner can take free stake out. It stops earning at once and can be withdrawn after unbonding.
#[derive(Accounts)]
pub struct RequestUnstake<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(
        init,
        payer = owner,
        space = 8 + Ticket::INIT_SPACE,
        seeds = [seeds::TICKET, owner.key().as_ref(), &position.load()?.tickets.to_le_bytes()],
        bump,
    )]
    pub ticket: Box<Account<'info, Ticket>>,
    pub system_program: Program<'info, System>,
}

impl RequestUnstake<'_> {
    pub fn handler(ctx: Context<Self>, amount: u64) -> Result<()> {
        require!(amount > 0, StakingError::ZeroAmount);
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        pool.checkpoint(&mut position, clock.slot).ok_or(StakingError::Overflow)?;
        let id = position.unbond(amount)?;
        pool.remove_stake(amount).ok_or(StakingError::Overflow)?;
        let available_slot =
            clock.slot.checked_add(pool.params.unbonding_slots).ok_or(StakingError::Overflow)?;
        let owner = position.owner;
        accounts.ticket.set_inner(Ticket {
            owner,
            id,
            amount,
            available_slot,
            bump: ctx.bumps.ticket,
        });
        emit!(UnstakeRequested {
            envelope: position.envelope(&clock)?,
            owner,
            ticket: id,
            amount,
            available_slot,
            staked: position.amount,
            unbonding: position.unbonding,
            total_staked: pool.total_staked,
        });
        Ok(())
    }
}
