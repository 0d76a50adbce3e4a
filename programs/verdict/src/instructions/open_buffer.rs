use anchor_lang::prelude::*;

use crate::state::Buffer;

/// The challenger created the account in the same transaction, owned by this program. An empty
/// account that somebody else left behind could be opened by anyone, who would then own its rent.
#[derive(Accounts)]
pub struct OpenBuffer<'info> {
    pub challenger: Signer<'info>,
    /// Party that gets the rent back.
    pub payer: Signer<'info>,
    /// CHECK: only its key is used; a proof compares it with the verdict's
    pub job: UncheckedAccount<'info>,
    #[account(zero)]
    pub buffer: AccountLoader<'info, Buffer>,
}

pub(crate) fn handler(ctx: Context<OpenBuffer>, length: u32) -> Result<()> {
    let accounts = ctx.accounts;
    Buffer::require_length(accounts.buffer.to_account_info().data_len(), length)?;
    let mut buffer = accounts.buffer.load_init()?;
    buffer.challenger = accounts.challenger.key();
    buffer.payer = accounts.payer.key();
    buffer.job = accounts.job.key();
    buffer.length = length;
    Ok(())
}
