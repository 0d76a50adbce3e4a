use anchor_lang::prelude::*;
use protocol::call::call;

use crate::CPI_SIGNER;

/// Lets an exposure's stake go; `close` returns its rent, else it stays and bars its owner.
pub(super) fn unlock_exposure<'info>(
    authority: &AccountInfo<'info>,
    owner: &AccountInfo<'info>,
    position: &AccountInfo<'info>,
    exposure: &AccountInfo<'info>,
    close: bool,
) -> Result<()> {
    call(
        staking::ID,
        staking::accounts::UnlockExposure {
            authority: *authority.key,
            owner: *owner.key,
            position: *position.key,
            exposure: *exposure.key,
        },
        staking::instruction::UnlockExposure { close },
        &[authority.clone(), owner.clone(), position.clone(), exposure.clone()],
        CPI_SIGNER,
    )
}
