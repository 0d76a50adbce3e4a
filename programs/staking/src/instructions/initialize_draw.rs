use anchor_lang::prelude::*;
use protocol::{addresses::DEPLOYER, seeds};

use crate::{
    errors::StakingError,
    state::{Snapshot, VerifierTree, NEVER},
};

/// The deployer can create the verifier tree and its two snapshots, once.
#[derive(Accounts)]
pub struct InitializeDraw<'info> {
    #[account(mut, address = DEPLOYER @ StakingError::NotDeployer)]
    pub deployer: Signer<'info>,
    #[account(
        init,
        payer = deployer,
        space = VerifierTree::SPACE,
        seeds = [seeds::VERIFIERS],
        bump,
    )]
    pub verifiers: AccountLoader<'info, VerifierTree>,
    #[account(
        init,
        payer = deployer,
        space = Snapshot::SPACE,
        seeds = [seeds::SNAPSHOT, &[0]],
        bump,
    )]
    pub even_snapshot: AccountLoader<'info, Snapshot>,
    #[account(
        init,
        payer = deployer,
        space = Snapshot::SPACE,
        seeds = [seeds::SNAPSHOT, &[1]],
        bump,
    )]
    pub odd_snapshot: AccountLoader<'info, Snapshot>,
    pub system_program: Program<'info, System>,
}

impl InitializeDraw<'_> {
    pub fn handler(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.verifiers.load_init()?.bump = ctx.bumps.verifiers;
        let snapshots = [
            (&accounts.even_snapshot, ctx.bumps.even_snapshot),
            (&accounts.odd_snapshot, ctx.bumps.odd_snapshot),
        ];
        for (parity, (loader, bump)) in (0u8..).zip(snapshots) {
            let mut snapshot = loader.load_init()?;
            snapshot.epoch = NEVER;
            snapshot.parity = parity;
            snapshot.bump = bump;
        }
        Ok(())
    }
}
