use anchor_lang::prelude::*;
use protocol::{seeds, Envelope};

use crate::{errors::Checked, events::BuyerOpened, state::Buyer};

#[derive(Accounts)]
pub struct OpenBuyer<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(
        init,
        payer = owner,
        space = 8 + Buyer::INIT_SPACE,
        seeds = [seeds::BUYER, owner.key().as_ref()],
        bump,
    )]
    pub buyer: Account<'info, Buyer>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<OpenBuyer>) -> Result<()> {
    let buyer = &mut ctx.accounts.buyer;
    buyer.owner = ctx.accounts.owner.key();
    buyer.bump = ctx.bumps.buyer;
    emit!(BuyerOpened {
        envelope: Envelope::next(&mut buyer.sequence, &Clock::get()?).checked()?,
        owner: buyer.owner,
    });
    Ok(())
}
