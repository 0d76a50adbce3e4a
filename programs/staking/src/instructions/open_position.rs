use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    events::PositionOpened,
    state::{Position, NO_SEAT},
};

/// Anybody can open one position.
#[derive(Accounts)]
pub struct OpenPosition<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(
        init,
        payer = owner,
        space = 8 + Position::INIT_SPACE,
        seeds = [seeds::POSITION, owner.key().as_ref()],
        bump,
    )]
    pub position: Box<Account<'info, Position>>,
    pub system_program: Program<'info, System>,
}

impl OpenPosition<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let owner = ctx.accounts.owner.key();
        let position = &mut ctx.accounts.position;
        position.set_inner(Position {
            owner,
            opened_slot: clock.slot,
            seat: NO_SEAT,
            bump: ctx.bumps.position,
            ..Position::default()
        });
        let envelope = position.envelope(&clock)?;
        emit!(PositionOpened { envelope, owner });
        Ok(())
    }
}
