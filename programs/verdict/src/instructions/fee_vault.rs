use anchor_lang::prelude::*;
use escrow::state::Config;

use crate::errors::{Checked, VerdictError};

/// Refuses every account except the escrow program's fee vault of the job's shard.
pub fn require_fee_vault<'info>(
    config: &'info AccountInfo<'info>,
    fee_vault: &AccountInfo<'info>,
    job: &Pubkey,
) -> Result<()> {
    let config = AccountLoader::<Config>::try_from(config)?;
    let config = config.load()?;
    let vault = config.fee_vaults.get(Config::shard(job)).checked()?;
    require_keys_eq!(*fee_vault.key, *vault, VerdictError::JobMismatch);
    Ok(())
}
