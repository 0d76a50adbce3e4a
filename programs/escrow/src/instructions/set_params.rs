use anchor_lang::prelude::*;

use crate::{
    errors::EscrowError,
    events::ParamsSet,
    state::{Config, Params},
};

/// The authority can set the parameters. Money that is locked already keeps its terms.
#[derive(Accounts)]
pub struct SetParams<'info> {
    pub authority: Signer<'info>,
    #[account(mut, has_one = authority @ EscrowError::NotAuthority)]
    pub config: AccountLoader<'info, Config>,
}

impl SetParams<'_> {
    pub fn handler(ctx: Context<Self>, params: Params) -> Result<()> {
        params.validate()?;
        let mut config = ctx.accounts.config.load_mut()?;
        config.params = params;
        let envelope = config.envelope(&Clock::get()?)?;
        emit!(ParamsSet { envelope, params });
        Ok(())
    }
}
