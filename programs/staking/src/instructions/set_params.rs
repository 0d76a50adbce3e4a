use anchor_lang::prelude::*;

use crate::{
    errors::StakingError,
    events::ParamsSet,
    state::{Params, Pool},
};

/// The authority can set the parameters.
#[derive(Accounts)]
pub struct SetParams<'info> {
    pub authority: Signer<'info>,
    #[account(mut, has_one = authority @ StakingError::NotAuthority)]
    pub pool: AccountLoader<'info, Pool>,
}

impl SetParams<'_> {
    pub fn handler(ctx: Context<Self>, params: Params) -> Result<()> {
        params.validate()?;
        let mut pool = ctx.accounts.pool.load_mut()?;
        pool.params = params;
        let envelope = pool.envelope(&Clock::get()?)?;
        emit!(ParamsSet { envelope, params });
        Ok(())
    }
}
