//! Token movements that fail unless exactly the stated amount left and arrived.
//!
//! Accounts are read in place at the fixed offsets of the SPL Token layout, because deserialising
//! one costs more than the checks that need it.

use anchor_lang::prelude::*;
use anchor_spl::token::{self, Burn, CloseAccount, InitializeAccount3, Transfer};

use crate::creation;

const ACCOUNT_BYTES: usize = 165;
const INITIALIZED: u8 = 1;

/// The fields of a token account that the programs check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    pub mint: Pubkey,
    pub owner: Pubkey,
    pub amount: u64,
}

/// Reads a token account of the SPL Token program. Returns None for anything else, including frozen
/// accounts.
pub fn holding(account: &AccountInfo) -> Option<Holding> {
    if *account.owner != token::ID {
        return None;
    }
    let data = account.try_borrow_data().ok()?;
    if data.len() != ACCOUNT_BYTES || *data.get(108)? != INITIALIZED {
        return None;
    }
    Some(Holding {
        mint: Pubkey::new_from_array(*data.first_chunk()?),
        owner: Pubkey::new_from_array(*data.get(32..)?.first_chunk()?),
        amount: u64::from_le_bytes(*data.get(64..)?.first_chunk()?),
    })
}

/// Seeds that an authority signs with; none for a wallet that signed the transaction.
pub type SignerSeeds<'a> = &'a [&'a [&'a [u8]]];

/// Creates an empty token account by CPI at the address that `seeds`, bump included, sign for.
pub fn create<'info>(
    payer: &AccountInfo<'info>,
    account: &AccountInfo<'info>,
    mint: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: &[&[u8]],
) -> Result<()> {
    creation::create(payer, account, &token::ID, ACCOUNT_BYTES, seeds)?;
    let accounts = InitializeAccount3 {
        account: account.clone(),
        mint: mint.clone(),
        authority: authority.clone(),
    };
    token::initialize_account3(CpiContext::new(token::ID, accounts))
}

/// Transfers by CPI. Returns None unless exactly `amount` left `from` and arrived at `to`.
pub fn transfer<'info>(
    from: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: SignerSeeds,
    amount: u64,
) -> Option<()> {
    let (source, target) = (holding(from)?.amount, holding(to)?.amount);
    let accounts = Transfer { from: from.clone(), to: to.clone(), authority: authority.clone() };
    token::transfer(CpiContext::new_with_signer(token::ID, accounts, seeds), amount).ok()?;
    let left = source.checked_sub(amount) == Some(holding(from)?.amount);
    let arrived = target.checked_add(amount) == Some(holding(to)?.amount);
    (left && arrived).then_some(())
}

/// Burns by CPI. Returns None unless exactly `amount` left `from`.
pub fn burn<'info>(
    mint: &AccountInfo<'info>,
    from: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: SignerSeeds,
    amount: u64,
) -> Option<()> {
    let source = holding(from)?.amount;
    let accounts = Burn { mint: mint.clone(), from: from.clone(), authority: authority.clone() };
    token::burn(CpiContext::new_with_signer(token::ID, accounts, seeds), amount).ok()?;
    (source.checked_sub(amount) == Some(holding(from)?.amount)).then_some(())
}

/// Closes an empty token account by CPI; its rent goes to `destination`.
pub fn close<'info>(
    account: &AccountInfo<'info>,
    destination: &AccountInfo<'info>,
    authority: &AccountInfo<'info>,
    seeds: SignerSeeds,
) -> Option<()> {
    let accounts = CloseAccount {
        account: account.clone(),
        destination: destination.clone(),
        authority: authority.clone(),
    };
    token::close_account(CpiContext::new_with_signer(token::ID, accounts, seeds)).ok()
}
