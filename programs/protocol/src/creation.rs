//! Canonical program addresses, and accounts created at them.
//!
//! `find_program_address` charges 1,500 compute units per try, and Anchor's `init` calls it.
//! Hashing here and asking the curve's own syscall finds the same bump at a fifth of the cost.

use anchor_lang::{
    prelude::*,
    system_program::{self, Allocate, Assign, CreateAccount, Transfer},
};
use solana_curve25519::edwards::{validate_edwards, PodEdwardsPoint};
use solana_sha256_hasher::hashv;

const MARKER: &[u8] = b"ProgramDerivedAddress";
const MAX_SEEDS: usize = 8;

/// Returns the program's address under `seeds` and this bump, or None for too many seeds. An
/// address that lies on the curve is not a program address, and nobody can sign for it.
pub fn derive(seeds: &[&[u8]], bump: u8, program: &Pubkey) -> Option<Pubkey> {
    let bump = [bump];
    let tail: [&[u8]; 3] = [&bump, program.as_ref(), MARKER];
    let mut parts: [&[u8]; MAX_SEEDS] = [&[]; MAX_SEEDS];
    let length = seeds.len().checked_add(tail.len())?;
    parts.get_mut(..seeds.len())?.copy_from_slice(seeds);
    parts.get_mut(seeds.len()..length)?.copy_from_slice(&tail);
    Some(Pubkey::new_from_array(hashv(parts.get(..length)?).to_bytes()))
}

/// Returns the bump of the program's canonical address under `seeds` if that is `address`,
/// otherwise None.
pub fn canonical_bump(address: &Pubkey, seeds: &[&[u8]], program: &Pubkey) -> Option<u8> {
    for bump in (0..=u8::MAX).rev() {
        let candidate = derive(seeds, bump, program)?;
        if !validate_edwards(&PodEdwardsPoint(candidate.to_bytes())) {
            return (candidate == *address).then_some(bump);
        }
    }
    None
}

/// Creates `account` for `owner` at the address that `seeds`, bump included, sign for. Lamports
/// that somebody sent there in advance count towards the rent.
pub fn create<'info>(
    payer: &AccountInfo<'info>,
    account: &AccountInfo<'info>,
    owner: &Pubkey,
    space: usize,
    seeds: &[&[u8]],
) -> Result<()> {
    let signer = &[seeds];
    let (from, to) = (payer.clone(), account.clone());
    let rent = Rent::get()?.minimum_balance(space);
    let space = space as u64;
    if account.lamports() == 0 {
        let accounts = CreateAccount { from, to };
        let context = CpiContext::new_with_signer(system_program::ID, accounts, signer);
        return system_program::create_account(context, rent, space, owner);
    }
    let missing = rent.saturating_sub(account.lamports());
    if missing > 0 {
        let context = CpiContext::new(system_program::ID, Transfer { from, to });
        system_program::transfer(context, missing)?;
    }
    let accounts = Allocate { account_to_allocate: account.clone() };
    let context = CpiContext::new_with_signer(system_program::ID, accounts, signer);
    system_program::allocate(context, space)?;
    let accounts = Assign { account_to_assign: account.clone() };
    let context = CpiContext::new_with_signer(system_program::ID, accounts, signer);
    system_program::assign(context, owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_framework_finds() {
        let program = Pubkey::new_from_array([9; 32]);
        for number in 0..64u8 {
            let seeds: [&[u8]; 2] = [b"seed", &[number]];
            let (address, bump) = Pubkey::find_program_address(&seeds, &program);
            assert_eq!(derive(&seeds, bump, &program), Some(address));
            assert_eq!(canonical_bump(&address, &seeds, &program), Some(bump));
            assert_eq!(canonical_bump(&program, &seeds, &program), None);
            let other = (0..bump).rev().find_map(|bump| {
                Pubkey::create_program_address(&[b"seed", &[number], &[bump]], &program).ok()
            });
            assert_eq!(canonical_bump(&other.unwrap(), &seeds, &program), None);
        }
    }

    #[test]
    fn refuses_more_seeds_than_it_has_room_for() {
        assert_eq!(derive(&[b"x".as_slice(); 6], 0, &Pubkey::default()), None);
    }
}
