use anchor_lang::prelude::*;
use protocol::{fenwick, Envelope};

use crate::{
    errors::StakingError,
    events::{SeatClosed, SeatTaken},
    state::{Pool, Position, Seat, Snapshot, Tenure, VerifierTree, HELD},
};

/// Anybody can close a seat that was vacated two epochs ago, once no snapshot contains it and no
/// ballot holds its collateral. The collateral is freed, and an heir takes the seat over at once:
/// an heir that never comes would keep it empty.
#[derive(Accounts)]
pub struct CloseSeat<'info> {
    #[account(mut)]
    pub pool: AccountLoader<'info, Pool>,
    /// CHECK: the seat names it; it receives the rent
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub seat: Box<Account<'info, Seat>>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    #[account(constraint = even_snapshot.load()?.parity == 0 @ StakingError::WrongSnapshot)]
    pub even_snapshot: AccountLoader<'info, Snapshot>,
    #[account(constraint = odd_snapshot.load()?.parity == 1 @ StakingError::WrongSnapshot)]
    pub odd_snapshot: AccountLoader<'info, Snapshot>,
    /// The position of the seat's heir. Required if there is one.
    #[account(mut)]
    pub heir: Option<AccountLoader<'info, Position>>,
}

impl<'info> CloseSeat<'info> {
    fn validate(&self, epoch: u64) -> Result<()> {
        require!(self.seat.closable(epoch), StakingError::SeatStillDrawable);
        for snapshot in [&self.even_snapshot, &self.odd_snapshot] {
            let weight = fenwick::weight(&snapshot.load()?.sums, self.seat.index);
            require!(weight == Some(0), StakingError::SeatStillDrawable);
        }
        Ok(())
    }

    fn heir(&self) -> Result<Option<&AccountLoader<'info, Position>>> {
        if !self.seat.has_heir() {
            return Ok(None);
        }
        let heir = self.heir.as_ref().ok_or(StakingError::WrongHeir)?;
        require_keys_eq!(heir.load()?.owner, self.seat.heir, StakingError::WrongHeir);
        Ok(Some(heir))
    }

    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let (epoch, minimum) = {
            let pool = accounts.pool.load()?;
            (pool.window(clock.slot).ok_or(StakingError::Overflow)?, pool.params.min_verifier_stake)
        };
        accounts.validate(epoch)?;
        let index = accounts.seat.index;
        {
            let mut position = accounts.position.load_mut()?;
            let freed = position.unbind()?;
            accounts.pool.load_mut()?.unbind(freed, clock.slot).ok_or(StakingError::Overflow)?;
            emit!(SeatClosed {
                envelope: position.envelope(&clock)?,
                owner: position.owner,
                seat: index,
                freed,
            });
        }
        let Some(heir) = accounts.heir()? else {
            let mut tree = accounts.verifiers.load_mut()?;
            tree.seats = tree.seats.checked_sub(1).ok_or(StakingError::Overflow)?;
            drop(tree);
            return accounts.seat.close(accounts.owner.to_account_info());
        };
        let mut heir = heir.load_mut()?;
        let newcomer = heir.owner;
        heir.tenure = Tenure::Held as u8;
        let weight = heir.weigh(&accounts.verifiers, minimum)?;
        let mut tree = accounts.verifiers.load_mut()?;
        emit!(SeatTaken {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            owner: heir.owner,
            seat: index,
            collateral: heir.collateral,
            weight,
            total_weight: tree.total,
        });
        drop(tree);
        drop(heir);
        let rent = accounts.seat.heir_rent;
        let seat = &mut accounts.seat;
        seat.owner = newcomer;
        seat.heir = Pubkey::default();
        seat.heir_rent = 0;
        seat.bid_weight = 0;
        seat.taken_epoch = epoch;
        seat.vacated_epoch = HELD;
        seat.sub_lamports(rent)?;
        accounts.owner.add_lamports(rent)?;
        Ok(())
    }
}
