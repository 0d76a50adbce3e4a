use anchor_lang::prelude::*;
use protocol::seeds;
use staking::state::Seat;

use crate::{
    errors::RegistryError,
    events::{envelope, VerifierRegistered},
    state::{require_held, validate_url, Url, Verifier},
};

#[derive(Accounts)]
pub struct RegisterVerifier<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(has_one = owner @ RegistryError::WrongSeat)]
    pub seat: Account<'info, Seat>,
    #[account(
        init,
        payer = owner,
        space = 8 + Verifier::INIT_SPACE,
        seeds = [seeds::VERIFIER, owner.key().as_ref()],
        bump,
    )]
    pub verifier: Account<'info, Verifier>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(
    ctx: Context<RegisterVerifier>,
    endpoint: Url,
    memory_bytes: u64,
) -> Result<()> {
    validate_url(&endpoint)?;
    require_held(&ctx.accounts.seat)?;
    let clock = Clock::get()?;
    let (owner, seat) = (ctx.accounts.owner.key(), ctx.accounts.seat.index);
    let verifier = &mut ctx.accounts.verifier;
    verifier.set_inner(Verifier {
        owner,
        seat,
        endpoint,
        memory_bytes,
        registered_slot: clock.slot,
        sequence: 0,
        bump: ctx.bumps.verifier,
    });
    emit!(VerifierRegistered {
        envelope: envelope(&mut verifier.sequence, &clock)?,
        owner,
        seat,
        endpoint,
        memory_bytes,
    });
    Ok(())
}
