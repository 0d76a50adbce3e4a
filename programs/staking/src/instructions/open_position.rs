use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    events::PositionOpened,
    state::{Position, CATCH_RATE_START, NO_SEAT},
};

/// Anybody can open one position for itself.
#[derive(Accounts)]
pub struct OpenPosition<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(
        init,
        payer = owner,
        space = Position::SPACE,
        seeds = [seeds::POSITION, owner.key().as_ref()],
        bump,
    )]
    pub position: AccountLoader<'info, Position>,
    pub system_program: Program<'info, System>,
}

impl OpenPosition<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let owner = ctx.accounts.owner.key();
        let mut position = ctx.accounts.position.load_init()?;
        position.owner = owner;
        position.opened_slot = clock.slot;
        position.seat = NO_SEAT;
        position.catch_rate = CATCH_RATE_START;
        position.bump = ctx.bumps.position;
        let envelope = position.envelope(&clock)?;
        emit!(PositionOpened { envelope, owner });
        Ok(())
    }
}
