use anchor_lang::prelude::*;
use staking::state::Position;

use crate::{
    errors::RegistryError,
    events::{envelope, AvailabilitySet},
    state::{validate_url, Provider, Url},
};

#[derive(Accounts)]
pub struct SetAvailability<'info> {
    pub signer: Signer<'info>,
    #[account(constraint = position.load()?.acts(signer.key) @ RegistryError::Unauthorized)]
    pub position: AccountLoader<'info, Position>,
    #[account(
        mut,
        constraint = provider.load()?.owner == position.load()?.owner @ RegistryError::WrongProvider,
    )]
    pub provider: AccountLoader<'info, Provider>,
}

pub(crate) fn handler(ctx: Context<SetAvailability>, endpoint: Url, draining: bool) -> Result<()> {
    validate_url(&endpoint)?;
    let mut provider = ctx.accounts.provider.load_mut()?;
    provider.endpoint = endpoint;
    provider.draining = u8::from(draining);
    emit!(AvailabilitySet {
        envelope: envelope(&mut provider.sequence, &Clock::get()?)?,
        owner: provider.owner,
        endpoint,
        draining,
    });
    Ok(())
}
