use anchor_lang::prelude::*;

use crate::{
    errors::RegistryError,
    events::{envelope, GraphAbandoned},
    state::Graph,
};

#[derive(Accounts)]
pub struct AbandonGraph<'info> {
    #[account(mut)]
    pub author: Signer<'info>,
    #[account(mut, has_one = author @ RegistryError::Unauthorized, close = author)]
    pub graph: AccountLoader<'info, Graph>,
}

pub(crate) fn handler(ctx: Context<AbandonGraph>) -> Result<()> {
    let key = ctx.accounts.graph.key();
    let mut graph = ctx.accounts.graph.load_mut()?;
    // jobs refer to sealed graphs for as long as they live
    require!(!graph.is_sealed(), RegistryError::GraphSealed);
    emit!(GraphAbandoned { envelope: envelope(&mut graph.sequence, &Clock::get()?)?, graph: key });
    Ok(())
}
