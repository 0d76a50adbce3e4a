use anchor_lang::prelude::*;
use protocol::shards::SHARDS;
use protocol::{addresses::DEPLOYER, seeds};

use crate::{errors::RegistryError, state::UtilisationShard};

#[derive(Accounts)]
#[instruction(shard: u8)]
pub struct InitializeShard<'info> {
    #[account(mut, address = DEPLOYER @ RegistryError::Unauthorized)]
    pub deployer: Signer<'info>,
    #[account(
        init,
        payer = deployer,
        space = UtilisationShard::SPACE,
        seeds = [seeds::UTILISATION, &shard.to_le_bytes()],
        bump,
    )]
    pub utilisation: AccountLoader<'info, UtilisationShard>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<InitializeShard>, shard: u8) -> Result<()> {
    require!(shard < SHARDS, RegistryError::InvalidShard);
    let mut utilisation = ctx.accounts.utilisation.load_init()?;
    utilisation.shard = shard;
    utilisation.bump = ctx.bumps.utilisation;
    Ok(())
}
