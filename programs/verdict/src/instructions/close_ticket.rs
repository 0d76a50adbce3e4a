use anchor_lang::prelude::*;

use crate::{errors::VerdictError, state::Ticket};

#[derive(Accounts)]
pub struct CloseTicket<'info> {
    #[account(mut)]
    pub challenger: Signer<'info>,
    #[account(mut, close = challenger, has_one = challenger @ VerdictError::Unauthorized)]
    pub ticket: AccountLoader<'info, Ticket>,
}

pub(crate) fn handler(_ctx: Context<CloseTicket>) -> Result<()> {
    Ok(())
}
