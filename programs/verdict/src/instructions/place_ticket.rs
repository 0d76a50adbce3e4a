use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    events::TicketPlaced,
    state::{Ticket, Verdict},
};

/// Anyone can place one ticket for each job.
#[derive(Accounts)]
pub struct PlaceTicket<'info> {
    #[account(mut)]
    pub challenger: Signer<'info>,
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(
        init,
        payer = challenger,
        space = Ticket::SPACE,
        seeds = [seeds::TICKET, verdict.load()?.job.as_ref(), challenger.key().as_ref()],
        bump,
    )]
    pub ticket: Account<'info, Ticket>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<PlaceTicket>, hash: [u8; 32]) -> Result<()> {
    let placed_slot = Clock::get()?.slot;
    let (job, challenger) = (ctx.accounts.verdict.load()?.job, ctx.accounts.challenger.key());
    let bump = ctx.bumps.ticket;
    ctx.accounts.ticket.set_inner(Ticket { job, challenger, hash, placed_slot, bump });
    emit!(TicketPlaced { job, challenger, hash, placed_slot });
    Ok(())
}
