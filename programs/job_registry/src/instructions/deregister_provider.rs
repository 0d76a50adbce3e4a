use anchor_lang::prelude::*;

use crate::{
    errors::RegistryError,
    events::{envelope, ProviderDeregistered},
    state::Provider,
};

#[derive(Accounts)]
pub struct DeregisterProvider<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut, has_one = owner @ RegistryError::WrongProvider, close = owner)]
    pub provider: AccountLoader<'info, Provider>,
}

pub(crate) fn handler(ctx: Context<DeregisterProvider>) -> Result<()> {
    let mut provider = ctx.accounts.provider.load_mut()?;
    require!(provider.active == 0, RegistryError::ProviderActive);
    emit!(ProviderDeregistered {
        envelope: envelope(&mut provider.sequence, &Clock::get()?)?,
        owner: provider.owner,
    });
    Ok(())
}
