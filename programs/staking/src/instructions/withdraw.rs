use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;

use crate::{
    errors::StakingError,
    events::Withdrawn,
    state::{signed_by_pool, Pool, Position, Ticket},
};

/// An owner can withdraw a ticket's stake from its available slot on, which closes the ticket.
#[derive(Accounts)]
pub struct Withdraw<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner, close = owner)]
    pub ticket: Box<Account<'info, Ticket>>,
    /// CHECK: the pool names it
    #[account(mut, address = pool.load()?.stake_vault @ StakingError::WrongVault)]
    pub stake_vault: UncheckedAccount<'info>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl Withdraw<'_> {
    fn validate(&self, slot: u64) -> Result<()> {
        require_gte!(slot, self.ticket.available_slot, StakingError::StillUnbonding);
        self.pool.load()?.check_owned(&self.destination, self.owner.key)
    }

    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.validate(clock.slot)?;
        let ticket = &accounts.ticket;
        let mut position = accounts.position.load_mut()?;
        position.unbonding =
            position.unbonding.checked_sub(ticket.amount).ok_or(StakingError::Overflow)?;
        let bump = accounts.pool.load()?.bump;
        signed_by_pool(bump, |seeds| {
            token::transfer(
                &accounts.stake_vault,
                &accounts.destination,
                accounts.pool.as_ref(),
                seeds,
                ticket.amount,
            )
        })
        .ok_or(StakingError::TokenDelta)?;
        emit!(Withdrawn {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            ticket: ticket.id,
            amount: ticket.amount,
            unbonding: position.unbonding,
        });
        Ok(())
    }
}
