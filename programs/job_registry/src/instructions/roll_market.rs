use anchor_lang::prelude::*;
use protocol::shards::SHARDS;
use staking::state::Terms;

use crate::{
    errors::{Checked, RegistryError},
    events::{envelope, MarketRolled},
    state::{Market, Utilisation, UtilisationShard},
};

#[derive(Accounts)]
pub struct RollMarket<'info> {
    #[account(constraint = terms.load()?.is_current() @ RegistryError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    #[account(mut)]
    pub market: Account<'info, Market>,
    // Remaining accounts: the 16 utilisation shards in order.
}

pub(crate) fn handler<'info>(ctx: Context<'info, RollMarket<'info>>) -> Result<()> {
    let clock = Clock::get()?;
    let (epoch, epoch_slots) = {
        let terms = ctx.accounts.terms.load()?;
        (terms.window(clock.slot).checked()?, terms.checkpoint_slots)
    };
    let totals = totals(ctx.remaining_accounts, epoch)?;
    let market = &mut ctx.accounts.market;
    market.roll(epoch, totals, epoch_slots)?;
    emit!(MarketRolled {
        envelope: envelope(&mut market.sequence, &clock)?,
        epoch,
        settled_macs: totals.settled_macs,
        capacity: totals.capacity,
        demand_q32: market.demand_q32,
    });
    Ok(())
}

fn totals<'info>(accounts: &'info [AccountInfo<'info>], epoch: u64) -> Result<Utilisation> {
    require!(accounts.len() == usize::from(SHARDS), RegistryError::WrongShards);
    let (mut settled_macs, mut raised, mut lowered) = (0u64, 0u64, 0u64);
    for (number, account) in (0..SHARDS).zip(accounts) {
        let loader = AccountLoader::<UtilisationShard>::try_from(account)?;
        let shard = loader.load()?;
        require!(shard.shard == number, RegistryError::WrongShards);
        settled_macs = settled_macs.saturating_add(shard.before(epoch));
        raised = raised.saturating_add(shard.raised_rates);
        lowered = lowered.saturating_add(shard.lowered_rates);
    }
    Ok(Utilisation { settled_macs, capacity: raised.saturating_sub(lowered) })
}
