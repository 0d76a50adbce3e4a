use anchor_lang::prelude::*;
use protocol::{fenwick::SEATS, seeds, Envelope};

use crate::{
    errors::StakingError,
    events::SeatTaken,
    state::{Pool, Position, Seat, Tenure, VerifierTree, HELD, NO_SEAT},
};

/// An owner can take one free seat by binding at least the minimum collateral of a verifier to it.
#[derive(Accounts)]
#[instruction(index: u16)]
pub struct TakeSeat<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut)]
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
    fn validate(&self, index: u16, collateral: u64) -> Result<()> {
        require!(usize::from(index) < SEATS, StakingError::SeatOutOfRange);
        require!(self.position.load()?.seat == NO_SEAT, StakingError::AlreadySeated);
        let minimum = self.pool.load()?.params.min_verifier_stake;
        require_gte!(collateral, minimum, StakingError::BelowVerifierMinimum);
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, index: u16, collateral: u64) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(index, collateral)?;
        let clock = Clock::get()?;
        let mut pool = accounts.pool.load_mut()?;
        let mut position = accounts.position.load_mut()?;
        position.bind(collateral)?;
        pool.bind(collateral, clock.slot).ok_or(StakingError::Overflow)?;
        position.seat = index;
        position.tenure = Tenure::Held as u8;
        let weight = position.weigh(&accounts.verifiers, pool.params.min_verifier_stake)?;
        accounts.seat.set_inner(Seat {
            owner: position.owner,
            heir: Pubkey::default(),
            heir_rent: 0,
            bid_weight: 0,
            taken_epoch: pool.window(clock.slot).ok_or(StakingError::Overflow)?,
            vacated_epoch: HELD,
            index,
            bump: ctx.bumps.seat,
        });
        let mut tree = accounts.verifiers.load_mut()?;
        tree.seats = tree.seats.checked_add(1).ok_or(StakingError::Overflow)?;
        emit!(SeatTaken {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            owner: position.owner,
            seat: index,
            collateral,
            weight,
            total_weight: tree.total,
        });
        Ok(())
    }
}
