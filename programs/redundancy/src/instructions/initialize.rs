use anchor_lang::prelude::*;
use protocol::{addresses::DEPLOYER, seeds, Envelope};

use crate::{
    errors::{Checked, RedundancyError},
    events::Initialized,
    state::{Config, Params},
};

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut, address = DEPLOYER @ RedundancyError::Unauthorized)]
    pub deployer: Signer<'info>,
    #[account(init, payer = deployer, space = Config::SPACE, seeds = [seeds::CONFIG], bump)]
    pub config: Account<'info, Config>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<Initialize>, params: Params, authority: Pubkey) -> Result<()> {
    params.validate()?;
    let config = &mut ctx.accounts.config;
    config.set_inner(Config { authority, params, sequence: 0, bump: ctx.bumps.config });
    emit!(Initialized {
        envelope: Envelope::next(&mut config.sequence, &Clock::get()?).checked()?,
        authority,
        params,
    });
    Ok(())
}
