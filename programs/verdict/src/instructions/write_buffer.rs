use anchor_lang::prelude::*;

use crate::{errors::VerdictError, state::Buffer};

#[derive(Accounts)]
pub struct WriteBuffer<'info> {
    pub challenger: Signer<'info>,
    #[account(mut, has_one = challenger @ VerdictError::Unauthorized)]
    pub buffer: AccountLoader<'info, Buffer>,
}

pub(crate) fn handler(ctx: Context<WriteBuffer>, offset: u32, bytes: Vec<u8>) -> Result<()> {
    let mut account = ctx.accounts.buffer.as_ref().try_borrow_mut_data()?;
    Buffer::write(&mut account, offset, &bytes)
}
