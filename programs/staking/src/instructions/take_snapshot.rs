use anchor_lang::prelude::*;
use protocol::Envelope;

use crate::{
    errors::StakingError,
    events::SnapshotRecorded,
    state::{Pool, Snapshot, VerifierTree},
};

/// Anybody can copy the tree into the snapshot of this epoch's parity, once per epoch.
#[derive(Accounts)]
pub struct TakeSnapshot<'info> {
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut)]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    #[account(mut)]
    pub snapshot: AccountLoader<'info, Snapshot>,
}

impl TakeSnapshot<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = ctx.accounts;
        let epoch = accounts.pool.load()?.window(clock.slot).ok_or(StakingError::Overflow)?;
        let mut tree = accounts.verifiers.load_mut()?;
        let mut snapshot = accounts.snapshot.load_mut()?;
        require!(u64::from(snapshot.parity) == epoch % 2, StakingError::WrongSnapshot);
        require!(snapshot.epoch != epoch, StakingError::SnapshotTaken);
        snapshot.epoch = epoch;
        snapshot.taken_slot = clock.slot;
        snapshot.total = tree.total;
        snapshot.sums.copy_from_slice(&tree.sums);
        emit!(SnapshotRecorded {
            envelope: Envelope::next(&mut tree.sequence, &clock).ok_or(StakingError::Overflow)?,
            epoch,
            total_weight: tree.total,
        });
        Ok(())
    }
}
