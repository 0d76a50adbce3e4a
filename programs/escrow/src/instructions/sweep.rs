use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::token;
use staking::{program::Staking, state::Terms};

use crate::{
    errors::EscrowError,
    events::FeesSwept,
    state::{balance, signed_by_config, Config},
};

/// Anybody can split the balance of a fee vault between stakers, treasury and burn.
#[derive(Accounts)]
pub struct Sweep<'info> {
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// Fees are split by the terms of the day on which they are swept.
    #[account(constraint = terms.load()?.is_current() @ EscrowError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    /// CHECK: the configuration names it
    #[account(mut, address = config.load()?.mint @ EscrowError::WrongTokenAccount)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: validate finds it among the configured ones
    #[account(mut)]
    pub fee_vault: UncheckedAccount<'info>,
    /// CHECK: the configuration names it
    #[account(mut, address = terms.load()?.treasury @ EscrowError::WrongTokenAccount)]
    pub treasury: UncheckedAccount<'info>,
    /// CHECK: staking checks it
    #[account(mut)]
    pub pool: UncheckedAccount<'info>,
    /// CHECK: staking checks it
    #[account(mut)]
    pub reward_vault: UncheckedAccount<'info>,
    pub staking_program: Program<'info, Staking>,
    pub token_program: Program<'info, Token>,
}

impl<'info> Sweep<'info> {
    fn validate(&self, shard: u8) -> Result<()> {
        let config = self.config.load()?;
        let vault =
            config.fee_vaults.get(usize::from(shard)).ok_or(EscrowError::ShardOutOfRange)?;
        require_keys_eq!(*vault, self.fee_vault.key(), EscrowError::WrongVault);
        Ok(())
    }

    fn fund_rewards(&self, amount: u64, seeds: &[&[&[u8]]]) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        let before = balance(&self.fee_vault)?;
        let accounts = staking::cpi::accounts::FundRewards {
            funder: self.config.to_account_info(),
            pool: self.pool.to_account_info(),
            reward_vault: self.reward_vault.to_account_info(),
            source: self.fee_vault.to_account_info(),
            token_program: self.token_program.to_account_info(),
        };
        let context = CpiContext::new_with_signer(self.staking_program.key(), accounts, seeds);
        staking::cpi::fund_rewards(context, amount)?;
        let left = balance(&self.fee_vault)?;
        require!(before.checked_sub(amount) == Some(left), EscrowError::TokenDelta);
        Ok(())
    }

    pub fn handler(ctx: Context<Self>, shard: u8) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(shard)?;
        let amount = balance(&accounts.fee_vault)?;
        require!(amount > 0, EscrowError::NothingToCollect);
        let mut config = accounts.config.load_mut()?;
        let [stakers, treasury, burned] =
            Config::split(amount, &accounts.terms.load()?.parameters.escrow)
                .ok_or(EscrowError::Overflow)?;
        let envelope = config.envelope(&Clock::get()?)?;
        let bump = config.bump;
        // the called programs borrow this account as the authority
        drop(config);
        signed_by_config(bump, |seeds| {
            accounts.fund_rewards(stakers, seeds)?;
            let (vault, authority) = (&accounts.fee_vault, accounts.config.as_ref());
            token::transfer(vault, &accounts.treasury, authority, seeds, treasury)
                .and_then(|()| token::burn(&accounts.mint, vault, authority, seeds, burned))
                .ok_or_else(|| error!(EscrowError::TokenDelta))
        })?;
        emit!(FeesSwept { envelope, shard, stakers, treasury, burned });
        Ok(())
    }
}
