use anchor_lang::prelude::*;

use crate::{
    errors::RegistryError,
    events::{envelope, VerifierDeregistered},
    state::Verifier,
};

#[derive(Accounts)]
pub struct DeregisterVerifier<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut, has_one = owner @ RegistryError::Unauthorized, close = owner)]
    pub verifier: Account<'info, Verifier>,
}

pub(crate) fn handler(ctx: Context<DeregisterVerifier>) -> Result<()> {
    let verifier = &mut ctx.accounts.verifier;
    emit!(VerifierDeregistered {
        envelope: envelope(&mut verifier.sequence, &Clock::get()?)?,
        owner: verifier.owner,
        seat: verifier.seat,
    });
    Ok(())
}
