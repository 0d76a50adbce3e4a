use anchor_lang::prelude::*;
use protocol::{
    addresses::REDUNDANCY_CPI,
    claim_order::{delay, lot},
    fixed::bps_ceil,
    slot_hashes::{self, Lookup},
};
use staking::{
    calls::lock_exposure,
    program::Staking,
    state::{Pool, Position},
};

use crate::{
    errors::{Checked, RedundancyError},
    events::TaskJoined,
    state::{Config, Params, Task},
    CPI_SIGNER,
};

const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

#[derive(Accounts)]
pub struct Join<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, has_one = owner @ RedundancyError::WrongPosition)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: staking creates it at this task's and provider's address
    #[cfg_attr(
        feature = "idl-build",
        account(
            mut,
            seeds = [protocol::seeds::EXPOSURE, task.key().as_ref(), owner.key().as_ref()],
            bump,
            seeds::program = protocol::addresses::STAKING,
        )
    )]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub exposure: UncheckedAccount<'info>,
    /// CHECK: the program's own signer
    #[account(address = REDUNDANCY_CPI)]
    pub authority: UncheckedAccount<'info>,
    /// CHECK: read in place
    #[account(address = SLOT_HASHES @ RedundancyError::WrongSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub system_program: Program<'info, System>,
}

impl Join<'_> {
    /// Returns the first slot in which this provider may join. When the hash has aged out, everyone
    /// may join.
    fn turn(&self, posted_slot: u64, params: &Params) -> Result<u64> {
        let wait = match slot_hashes::lookup(&self.slot_hashes, posted_slot)
            .ok_or(RedundancyError::WrongSlotHashes)?
        {
            Lookup::Aged => return Ok(posted_slot),
            Lookup::NotYet => params.claim_max_delay_slots,
            Lookup::Found { hash, .. } => delay(
                params.claim_scale_slots,
                params.claim_max_delay_slots,
                lot(&hash, &self.task.key(), self.owner.key),
                self.position.load()?.free(),
                self.pool.load()?.total_staked,
            ),
        };
        posted_slot.checked_add(1).and_then(|first| first.checked_add(wait)).checked()
    }

    fn lock(&self, bond: u64) -> Result<()> {
        let infos = [
            self.owner.to_account_info(),
            self.authority.to_account_info(),
            self.task.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.system_program.to_account_info(),
        ];
        lock_exposure(&infos, 0, bond, CPI_SIGNER)
    }
}

pub(crate) fn handler(ctx: Context<Join>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let params = &accounts.config.params;
    let key = accounts.task.key();
    let provider = accounts.owner.key();
    let bond = {
        let mut task = accounts.task.load_mut()?;
        let turn = accounts.turn(task.posted_slot, params)?;
        let bond = bps_ceil(task.price, params.bond_bps).checked()?;
        let run = task.join(provider, bond, clock.slot, params)?;
        require!(clock.slot >= turn, RedundancyError::BeforeTurn);
        emit!(TaskJoined {
            envelope: task.next_envelope(&clock)?,
            task: key,
            run,
            provider,
            bond,
            state: task.state,
            deadline: task.deadline,
        });
        bond
    };
    accounts.lock(bond)
}
