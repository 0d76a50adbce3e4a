use anchor_lang::prelude::*;

use crate::state::Buffer;

/// Anyone can turn an account that was made for it, in the same transaction and with a seed on its
/// own key, into a buffer.
#[derive(Accounts)]
pub struct OpenBuffer<'info> {
    pub challenger: Signer<'info>,
    /// Gets the rent when the buffer is closed.
    pub payer: Signer<'info>,
    #[account(zero)]
    pub buffer: AccountLoader<'info, Buffer>,
    /// CHECK: only its key is kept, as a note for readers
    pub job: UncheckedAccount<'info>,
}

pub(crate) fn handler(ctx: Context<OpenBuffer>, length: u32) -> Result<()> {
    let accounts = ctx.accounts;
    Buffer::require_size(accounts.buffer.as_ref().data_len(), length)?;
    *accounts.buffer.load_init()? = Buffer {
        challenger: accounts.challenger.key(),
        payer: accounts.payer.key(),
        job: accounts.job.key(),
        length,
        ..Buffer::default()
    };
    Ok(())
}
