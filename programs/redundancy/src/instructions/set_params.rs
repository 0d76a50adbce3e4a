use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::{
    errors::{Checked, RedundancyError},
    events::ParamsSet,
    state::{Config, Params},
};

#[derive(Accounts)]
pub struct SetParams<'info> {
    pub authority: Signer<'info>,
    #[account(mut, has_one = authority @ RedundancyError::Unauthorized)]
    pub config: Account<'info, Config>,
}

pub(crate) fn handler(ctx: Context<SetParams>, params: Params) -> Result<()> {
    params.validate()?;
    let config = &mut ctx.accounts.config;
    config.params = params;
    emit!(ParamsSet {
        envelope: Envelope::next(&mut config.sequence, &Clock::get()?).checked()?,
        params,
    });
    Ok(())
}
