use anchor_lang::prelude::*;

use crate::{errors::StakingError, events::OperatorSet, state::Position};

/// An owner can name the key that may expose stake for it, and how much. What an earlier operator
/// has exposed still counts against the budget.
#[derive(Accounts)]
pub struct SetOperator<'info> {
    pub owner: Signer<'info>,
    #[account(mut, has_one = owner @ StakingError::WrongOwner)]
    pub position: AccountLoader<'info, Position>,
}

impl SetOperator<'_> {
    pub fn handler(ctx: Context<Self>, operator: Pubkey, budget: u64) -> Result<()> {
        let clock = Clock::get()?;
        let mut position = ctx.accounts.position.load_mut()?;
        // the owner as its own operator would look like two keys where there is one
        require_keys_neq!(operator, position.owner, StakingError::NotOperator);
        position.operator = operator;
        position.operator_budget = budget;
        emit!(OperatorSet {
            envelope: position.envelope(&clock)?,
            owner: position.owner,
            operator,
            budget,
            exposed: position.operator_exposed,
        });
        Ok(())
    }
}
