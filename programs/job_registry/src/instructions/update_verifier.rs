use anchor_lang::prelude::*;
use staking::state::Seat;

use crate::{
    errors::RegistryError,
    events::{envelope, VerifierUpdated},
    state::{require_held, validate_url, Url, Verifier},
};

#[derive(Accounts)]
pub struct UpdateVerifier<'info> {
    pub owner: Signer<'info>,
    /// The seat held now, which may differ from the one at registration.
    #[account(has_one = owner @ RegistryError::WrongSeat)]
    pub seat: Account<'info, Seat>,
    #[account(mut, has_one = owner @ RegistryError::Unauthorized)]
    pub verifier: Account<'info, Verifier>,
}

pub(crate) fn handler(
    ctx: Context<UpdateVerifier>,
    endpoint: Url,
    memory_bytes: u64,
) -> Result<()> {
    validate_url(&endpoint)?;
    require_held(&ctx.accounts.seat)?;
    let verifier = &mut ctx.accounts.verifier;
    verifier.seat = ctx.accounts.seat.index;
    verifier.endpoint = endpoint;
    verifier.memory_bytes = memory_bytes;
    emit!(VerifierUpdated {
        envelope: envelope(&mut verifier.sequence, &Clock::get()?)?,
        owner: verifier.owner,
        seat: verifier.seat,
        endpoint,
        memory_bytes,
    });
    Ok(())
}
