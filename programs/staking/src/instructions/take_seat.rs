use anchor_lang::prelude::*;
use protocol::{fenwick::SEATS, seeds, Envelope};

use crate::{
    errors::StakingError,
    events::SeatTaken,
    state::{Pool, Position, Seat, VerifierTree, HELD, NO_SEAT},
};

/// An owner with the minimum stake of a verifier can take one free seat.
#[derive(Accounts)]
#[instruction(index: u16)]
pub struct TakeSeat<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(
        init,
        payer = owner,
        space = 8 + Seat::INIT_SPACE,
        seeds = [seeds::SEAT, &index.to_le_bytes()],
        bump,
    )]
    pub seat: Box<Account<'info, Seat>>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    pub system_program: Program<'info, System>,
}

impl TakeSeat<'_> {
    fn validate(&self, index: u16) -> Result<()> {
        require!(usize::from(index) < SEATS, StakingError::SeatOutOfRange);
        let position = self.position.load()?;
        require!(position.seat == NO_SEAT, StakingError::AlreadySeated);
        let minimum = self.pool.load()?.params.min_verifier_stake;
        require_gte!(position.amount, minimum, StakingError::BelowVerifierMinimum);
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, index: u16) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(index)?;
        let clock = Clock::get()?;
        let pool = accounts.pool.load()?;
        let mut position = accounts.position.load_mut()?;
        position.seat = index;
        position.seat_vacated = 0;
        let weight = position.weigh(Some(&accounts.verifiers), pool.params.min_verifier_stake)?;
        accounts.seat.set_inner(Seat {
            owner: position.owner,
            taken_epoch: pool.epoch(clock.slot).ok_or(StakingError::Overflow)?,
            vacated_epoch: HELD,
            index,
            bump: ctx.bumps.seat,
        });
        let mut tree = accounts.verifiers.load_mut()?;
        emit!(SeatTaken {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            owner: position.owner,
            seat: index,
            weight,
            total_weight: tree.total,
        });
        Ok(())
    }
}
