use anchor_lang::{
    prelude::*,
    system_program::{self, Transfer},
};
use protocol::Envelope;

use crate::{
    errors::StakingError,
    events::SeatBid,
    state::{Pool, Position, Seat, Tenure, VerifierTree, NO_SEAT},
};

/// While no seat is free, an owner can displace a holder with at most four fifths of its weight.
/// The newcomer's collateral is bound at once, and it gets the seat when that is closed. Until then
/// others can outbid it in the same way, which frees its collateral.
#[derive(Accounts)]
pub struct DisplaceSeat<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut)]
    pub seat: Box<Account<'info, Seat>>,
    /// The position of the seat's heir if there is one, otherwise that of its holder.
    #[account(mut)]
    pub displaced: AccountLoader<'info, Position>,
    /// CHECK: the owner of the displaced position; an outbid heir gets back the rent it paid in
    #[account(mut, address = displaced.load()?.owner @ StakingError::WrongHeir)]
    pub displaced_owner: UncheckedAccount<'info>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    pub system_program: Program<'info, System>,
}

impl DisplaceSeat<'_> {
    fn validate(&self, collateral: u64) -> Result<()> {
        require!(self.verifiers.load()?.is_full(), StakingError::SeatsFree);
        let position = self.position.load()?;
        require!(position.seat == NO_SEAT, StakingError::AlreadySeated);
        let minimum = self.pool.load()?.params.min_verifier_stake;
        require_gte!(collateral, minimum, StakingError::BelowVerifierMinimum);
        let seat = &self.seat;
        let before = if seat.has_heir() { seat.heir } else { seat.owner };
        require_keys_eq!(self.displaced.load()?.owner, before, StakingError::WrongHeir);
        Ok(())
    }

    /// Frees what an outbid heir has bound and paid in.
    fn release_heir(&self, slot: u64) -> Result<()> {
        let mut heir = self.displaced.load_mut()?;
        let freed = heir.unbind()?;
        self.pool.load_mut()?.unbind(freed, slot).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, collateral: u64) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(collateral)?;
        let clock = Clock::get()?;
        let (minimum, epoch) = {
            let pool = accounts.pool.load()?;
            let epoch = pool.window(clock.slot).ok_or(StakingError::Overflow)?;
            (pool.params.min_verifier_stake, epoch)
        };
        let weight = {
            let mut position = accounts.position.load_mut()?;
            position.bind(collateral)?;
            position.seat = accounts.seat.index;
            position.tenure = Tenure::Heir as u8;
            position.weight(minimum).ok_or(StakingError::Overflow)?
        };
        accounts.pool.load_mut()?.bind(collateral, clock.slot).ok_or(StakingError::Overflow)?;
        let refunded = accounts.seat.heir_rent;
        if accounts.seat.is_held() {
            let mut holder = accounts.displaced.load_mut()?;
            let standing = holder.weight(minimum).ok_or(StakingError::Overflow)?;
            Seat::require_outbids(weight, standing)?;
            let mut tree = accounts.verifiers.load_mut()?;
            let vacated = accounts.seat.vacate(&mut holder, &mut tree, epoch, &clock)?;
            emit!(vacated);
        } else {
            Seat::require_outbids(weight, accounts.seat.bid_weight)?;
            if accounts.seat.has_heir() {
                accounts.release_heir(clock.slot)?;
            }
        }
        let rent = Rent::get()?.minimum_balance(accounts.seat.to_account_info().data_len());
        accounts.seat.heir = accounts.owner.key();
        accounts.seat.heir_rent = rent;
        accounts.seat.bid_weight = weight;
        let mut tree = accounts.verifiers.load_mut()?;
        emit!(SeatBid {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            seat: accounts.seat.index,
            holder: accounts.seat.owner,
            heir: accounts.owner.key(),
            collateral,
            weight,
        });
        drop(tree);
        let (from, to) = (accounts.owner.to_account_info(), accounts.seat.to_account_info());
        let program = accounts.system_program.key();
        system_program::transfer(CpiContext::new(program, Transfer { from, to }), rent)?;
        if refunded > 0 {
            accounts.seat.sub_lamports(refunded)?;
            accounts.displaced_owner.add_lamports(refunded)?;
        }
        Ok(())
    }
}
