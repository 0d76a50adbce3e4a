use anchor_lang::prelude::*;
use protocol::shards::SHARDS;

use crate::{
    errors::RegistryError,
    events::{envelope, MarketRolled},
    state::{Market, Registry, UtilisationShard},
};

#[derive(Accounts)]
pub struct RollMarket<'info> {
    pub registry: Box<Account<'info, Registry>>,
    #[account(mut)]
    pub market: Account<'info, Market>,
    // Remaining accounts: the 16 utilisation shards in order.
}

pub(crate) fn handler<'info>(ctx: Context<'info, RollMarket<'info>>) -> Result<()> {
    let clock = Clock::get()?;
    let epoch = ctx.accounts.registry.params.epoch(clock.slot)?;
    let (posted, settled) = totals(ctx.remaining_accounts, epoch)?;
    let market = &mut ctx.accounts.market;
    market.roll(epoch, posted, settled)?;
    emit!(MarketRolled {
        envelope: envelope(&mut market.sequence, &clock)?,
        epoch,
        posted_macs: posted,
        settled_macs: settled,
        demand_q32: market.demand_q32,
    });
    Ok(())
}

fn totals<'info>(accounts: &'info [AccountInfo<'info>], epoch: u64) -> Result<(u64, u64)> {
    require!(accounts.len() == usize::from(SHARDS), RegistryError::WrongShards);
    let mut totals = (0u64, 0u64);
    for (number, account) in (0..SHARDS).zip(accounts) {
        let loader = AccountLoader::<UtilisationShard>::try_from(account)?;
        let shard = loader.load()?;
        require!(shard.shard == number, RegistryError::WrongShards);
        let (posted, settled) = shard.before(epoch);
        totals = (totals.0.saturating_add(posted), totals.1.saturating_add(settled));
    }
    Ok(totals)
}
