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
    state::{Pool, Position, RedundancyParams, Terms},
};

use crate::{
    errors::{Checked, RedundancyError},
    events::TaskJoined,
    state::Task,
    CPI_SIGNER,
};

const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

#[derive(Accounts)]
pub struct Join<'info> {
    /// The provider or its operator, which pays the rent of the exposure.
    #[account(mut)]
    pub signer: Signer<'info>,
    #[account(constraint = terms.load()?.govern(task.load()?.terms) @ RedundancyError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub task: AccountLoader<'info, Task>,
    pub pool: AccountLoader<'info, Pool>,
    #[account(mut, constraint = position.load()?.acts(signer.key) @ RedundancyError::NotOperator)]
    pub position: AccountLoader<'info, Position>,
    /// CHECK: staking creates it at this task's and provider's address
    #[account(mut)]
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
    /// Returns the first slot in which a provider with this weight may join a task that was posted in
    /// this window. When the hash has aged out, everyone may join.
    fn turn(
        &self,
        provider: &Pubkey,
        weight: u64,
        (posted_slot, window): (u64, u64),
        params: &RedundancyParams,
    ) -> Result<u64> {
        let wait = match slot_hashes::lookup(&self.slot_hashes, posted_slot)
            .ok_or(RedundancyError::WrongSlotHashes)?
        {
            Lookup::Aged => return Ok(posted_slot),
            Lookup::NotYet => params.claim_max_delay_slots,
            Lookup::Found { hash, .. } => delay(
                params.claim_scale_slots,
                params.claim_max_delay_slots,
                lot(&hash, &self.task.key(), provider),
                weight,
                self.pool.load()?.standing_leasable(window),
            ),
        };
        posted_slot.checked_add(1).and_then(|first| first.checked_add(wait)).checked()
    }

    fn lock(&self, amount: u64, bond: u64) -> Result<()> {
        let infos = [
            self.signer.to_account_info(),
            self.authority.to_account_info(),
            self.task.to_account_info(),
            self.position.to_account_info(),
            self.exposure.to_account_info(),
            self.system_program.to_account_info(),
        ];
        lock_exposure(&infos, amount, bond, CPI_SIGNER)
    }
}

/// Only free stake counts that stood before the hash of the task's posting was known, so nobody can
/// choose a key for it after the hash, not even once every turn has come. The stake that a run needs
/// is exposed until the task ends, so that it joins once.
pub(crate) fn handler(ctx: Context<Join>) -> Result<()> {
    let accounts = ctx.accounts;
    let clock = Clock::get()?;
    let (exposed, bond) = {
        let terms = accounts.terms.load()?;
        let params = &terms.parameters.redundancy;
        let mut task = accounts.task.load_mut()?;
        let position = accounts.position.load()?;
        let window = terms.window(task.posted_slot).checked()?;
        let exposed = task.price.checked_mul(params.join_kappa).checked()?;
        let bond = bps_ceil(task.price, params.bond_bps).checked()?;
        let weight = position.claim_weight(window);
        let turn = accounts.turn(&position.owner, weight, (task.posted_slot, window), params)?;
        let run = task.join(position.owner, bond, clock.slot, params)?;
        require_gte!(weight, exposed, RedundancyError::StandingTooLow);
        require!(clock.slot >= turn, RedundancyError::BeforeTurn);
        emit!(TaskJoined {
            envelope: task.next_envelope(&clock)?,
            task: accounts.task.key(),
            run,
            provider: position.owner,
            exposed,
            bond,
            state: task.state,
            deadline: task.deadline,
        });
        (exposed, bond)
    };
    accounts.lock(exposed, bond)
}
