use anchor_lang::prelude::*;

use crate::{
    errors::RegistryError,
    events::{envelope, ProviderUpdated},
    state::{Capability, Provider},
};

#[derive(Accounts)]
pub struct UpdateProvider<'info> {
    pub owner: Signer<'info>,
    #[account(mut, has_one = owner @ RegistryError::WrongProvider)]
    pub provider: AccountLoader<'info, Provider>,
}

pub(crate) fn handler(
    ctx: Context<UpdateProvider>,
    capability: Capability,
    draining: bool,
) -> Result<()> {
    capability.validate()?;
    let mut provider = ctx.accounts.provider.load_mut()?;
    provider.declare(&capability);
    provider.draining = u8::from(draining);
    emit!(ProviderUpdated {
        envelope: envelope(&mut provider.sequence, &Clock::get()?)?,
        owner: provider.owner,
        capability,
        draining,
    });
    Ok(())
}
