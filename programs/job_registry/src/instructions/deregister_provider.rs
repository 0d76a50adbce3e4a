use anchor_lang::prelude::*;

use crate::{
    errors::RegistryError,
    events::{envelope, ProviderDeregistered},
    state::{Provider, UtilisationShard},
};

#[derive(Accounts)]
pub struct DeregisterProvider<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut, has_one = owner @ RegistryError::WrongProvider, close = owner)]
    pub provider: AccountLoader<'info, Provider>,
    /// The provider's shard, in which its capacity ends.
    #[account(mut)]
    pub utilisation: AccountLoader<'info, UtilisationShard>,
}

pub(crate) fn handler(ctx: Context<DeregisterProvider>) -> Result<()> {
    let mut provider = ctx.accounts.provider.load_mut()?;
    require!(provider.active == 0, RegistryError::ProviderActive);
    let mut utilisation = ctx.accounts.utilisation.load_mut()?;
    utilisation.require_for(&provider.owner)?;
    utilisation.change_rate(provider.measured_rate, 0);
    emit!(ProviderDeregistered {
        envelope: envelope(&mut provider.sequence, &Clock::get()?)?,
        owner: provider.owner,
    });
    Ok(())
}
