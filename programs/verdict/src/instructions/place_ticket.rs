use anchor_lang::prelude::*;
use protocol::{creation, seeds};

use crate::{
    errors::Checked,
    state::{initialised, Ticket},
};

#[derive(Accounts)]
pub struct PlaceTicket<'info> {
    #[account(mut)]
    pub challenger: Signer<'info>,
    /// CHECK: only its key is used; a proof compares it with the verdict's
    pub job: UncheckedAccount<'info>,
    /// CHECK: the party that a bounty is credited to; only its key is used
    pub beneficiary: UncheckedAccount<'info>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(
        feature = "idl-build",
        account(mut, seeds = [seeds::TICKET, job.key().as_ref(), challenger.key().as_ref()], bump)
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub ticket: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl PlaceTicket<'_> {
    /// Creates the ticket at its canonical address and returns the bump.
    fn create(&self) -> Result<u8> {
        let (job, challenger) = (self.job.key(), self.challenger.key());
        let seeds: [&[u8]; 3] = [seeds::TICKET, job.as_ref(), challenger.as_ref()];
        let bump = creation::canonical_bump(self.ticket.key, &seeds, &crate::ID)
            .ok_or(ErrorCode::ConstraintSeeds)?;
        let seeds: [&[u8]; 4] = [seeds::TICKET, job.as_ref(), challenger.as_ref(), &[bump]];
        creation::create(&self.challenger, &self.ticket, &crate::ID, Ticket::SPACE, &seeds)?;
        Ok(bump)
    }
}

pub(crate) fn handler(ctx: Context<PlaceTicket>, hash: [u8; 32]) -> Result<()> {
    let accounts = ctx.accounts;
    let bump = accounts.create()?;
    let mut data = accounts.ticket.try_borrow_mut_data()?;
    let ticket: &mut Ticket = initialised(&mut data).checked()?;
    ticket.job = accounts.job.key();
    ticket.challenger = accounts.challenger.key();
    ticket.beneficiary = accounts.beneficiary.key();
    ticket.hash = hash;
    ticket.placed_slot = Clock::get()?.slot;
    ticket.bump = bump;
    Ok(())
}
