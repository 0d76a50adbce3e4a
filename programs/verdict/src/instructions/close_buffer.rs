use anchor_lang::prelude::*;

use crate::{errors::VerdictError, state::Buffer};

#[derive(Accounts)]
pub struct CloseBuffer<'info> {
    pub challenger: Signer<'info>,
    #[account(
        mut,
        close = payer,
        has_one = challenger @ VerdictError::Unauthorized,
        has_one = payer @ VerdictError::Unauthorized,
    )]
    pub buffer: AccountLoader<'info, Buffer>,
    /// CHECK: the recorded payer; receives lamports
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
}

pub(crate) fn handler(_ctx: Context<CloseBuffer>) -> Result<()> {
    Ok(())
}
