use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::{
    errors::{Checked, RedundancyError},
    events::AuthoritySet,
    state::Config,
};

/// Both sign, so that the authority cannot go to a key that nobody holds.
#[derive(Accounts)]
pub struct SetAuthority<'info> {
    pub authority: Signer<'info>,
    pub new_authority: Signer<'info>,
    #[account(mut, has_one = authority @ RedundancyError::Unauthorized)]
    pub config: Account<'info, Config>,
}

pub(crate) fn handler(ctx: Context<SetAuthority>) -> Result<()> {
    let authority = ctx.accounts.new_authority.key();
    let config = &mut ctx.accounts.config;
    config.authority = authority;
    emit!(AuthoritySet {
        envelope: Envelope::next(&mut config.sequence, &Clock::get()?).checked()?,
        authority,
    });
    Ok(())
}
