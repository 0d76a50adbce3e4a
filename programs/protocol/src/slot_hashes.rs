//! Reads the SlotHashes sysvar in place, because it is too large to deserialise on chain.

use anchor_lang::prelude::*;
use solana_sdk_ids::sysvar::slot_hashes;

crate::limits! {
    /// Number of entries that the SlotHashes sysvar keeps. Older ones drop out.
    pub const SLOT_HASHES_ENTRIES: u64 = 512;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The lowest slot at or after the requested one that has a hash.
    Found { slot: u64, hash: [u8; 32] },
    /// No slot at or after the requested one has a hash yet.
    NotYet,
    /// The hash may have dropped out.
    Aged,
}

/// Looks up the lowest slot >= `slot`. Returns None when `account` is not the sysvar.
pub fn lookup(account: &AccountInfo, slot: u64) -> Option<Lookup> {
    if *account.key != slot_hashes::ID {
        return None;
    }
    search(&account.try_borrow_data().ok()?, slot)
}

/// Searches the entries, which run from the newest slot to the oldest: a u64 count, then {slot u64,
/// hash 32 bytes} each.
fn search(data: &[u8], slot: u64) -> Option<Lookup> {
    let (count, entries) = data.split_first_chunk::<8>()?;
    let count = u64::from_le_bytes(*count);
    let entries = entries.as_chunks::<40>().0.get(..usize::try_from(count).ok()?)?;
    let slot_of = |entry: &[u8; 40]| entry.first_chunk::<8>().map_or(0, |b| u64::from_le_bytes(*b));
    let after = entries.partition_point(|entry| slot_of(entry) >= slot);
    let Some(entry) = after.checked_sub(1).and_then(|last| entries.get(last)) else {
        return Some(Lookup::NotYet);
    };
    let found = slot_of(entry);
    if after == entries.len() && found != slot && count >= SLOT_HASHES_ENTRIES {
        return Some(Lookup::Aged);
    }
    Some(Lookup::Found { slot: found, hash: *entry.last_chunk::<32>()? })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn sysvar(slots: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let slots: Vec<_> = slots.into_iter().collect();
        let mut data = (slots.len() as u64).to_le_bytes().to_vec();
        for slot in slots {
            data.extend(slot.to_le_bytes());
            data.extend([slot as u8; 32]);
        }
        data
    }

    fn found(slot: u64) -> Option<Lookup> {
        Some(Lookup::Found { slot, hash: [slot as u8; 32] })
    }

    #[test]
    fn finds_the_lowest_slot_at_or_after() {
        let data = sysvar([9, 8, 5, 4]);
        assert_eq!(search(&data, 9), found(9));
        assert_eq!(search(&data, 6), found(8));
        assert_eq!(search(&data, 5), found(5));
        assert_eq!(search(&data, 4), found(4));
        assert_eq!(search(&data, 10), Some(Lookup::NotYet));
    }

    #[test]
    fn a_short_list_has_forgotten_nothing() {
        assert_eq!(search(&sysvar([9, 8]), 1), found(8));
        assert_eq!(search(&sysvar([]), 1), Some(Lookup::NotYet));
    }

    #[test]
    fn a_full_list_may_have_forgotten_what_is_older() {
        let data = sysvar((100..612).rev());
        assert_eq!(search(&data, 100), found(100));
        assert_eq!(search(&data, 99), Some(Lookup::Aged));
        assert_eq!(search(&data, 611), found(611));
        assert_eq!(search(&data, 612), Some(Lookup::NotYet));
    }

    #[test]
    fn truncated_data_is_refused() {
        assert_eq!(search(&sysvar([9, 8])[..60], 8), None);
        assert_eq!(search(&[1, 0], 8), None);
    }

    #[test]
    fn another_account_is_refused() {
        let (key, owner) = (Pubkey::new_from_array([7; 32]), Pubkey::default());
        let mut data = sysvar([9]);
        let mut lamports = 0;
        let account = AccountInfo::new(&key, false, false, &mut lamports, &mut data, &owner, false);
        assert_eq!(lookup(&account, 9), None);
    }
}
