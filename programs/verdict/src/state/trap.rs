use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use super::{Outcome, Receipt, Verdict};
use crate::errors::{Checked, VerdictError};

/// Domain tag that keeps a trap's hash distinct from every other hash of the protocol.
const TAG: &[u8] = b"trap";

/// Returns the hash that a buyer hides in its job when it orders `provider` to be wrong in
/// `operator`. In every other job these 32 bytes are random and look the same.
pub fn trap(provider: &Pubkey, operator: u32, salt: &[u8; 32]) -> [u8; 32] {
    hashv(&[TAG, provider.as_ref(), &operator.to_le_bytes(), salt]).to_bytes()
}

impl Receipt {
    /// Returns whether the buyer may still show, in `slot`, that it ordered the proven element.
    pub fn may_be_trap(&self, trap_slots: u64, slot: u64) -> Result<bool> {
        Ok(slot <= self.slot.checked_add(trap_slots).checked()?)
    }
}

impl Verdict {
    /// Turns a proven fraud into a trap: `hidden`, the job's trap, ordered the provider to be wrong
    /// in this place, and nobody else had a part in the result.
    pub fn open_trap(
        &mut self,
        hidden: &[u8; 32],
        receipt: &Receipt,
        salt: &[u8; 32],
        trap_slots: u64,
        slot: u64,
    ) -> Result<()> {
        require!(self.outcome() == Outcome::Fraud, VerdictError::NotProven);
        require!(receipt.may_be_trap(trap_slots, slot)?, VerdictError::TrapClosed);
        let ordered = trap(&receipt.provider, receipt.operator, salt);
        require!(*hidden == ordered, VerdictError::WrongTrap);
        let alone = self.stages().iter().all(|stage| stage.provider == receipt.provider);
        require!(alone, VerdictError::TrapShared);
        self.outcome = Outcome::Trap as u8;
        Ok(())
    }

    /// Returns what the challenger of a trap earns instead of a bounty, in base units: a
    /// verification fee, but at most the provider's earnings. The buyer pays it from the price that
    /// is refunded to it.
    pub fn trap_reward(&self) -> Option<u64> {
        let price = self.convicted().ok()?.price;
        Some(self.verification_fee.min(price))
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::verdict;
    use super::super::Stage;
    use super::*;

    const SALT: [u8; 32] = [7; 32];

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn proven() -> (Box<Verdict>, Box<Receipt>, [u8; 32]) {
        let mut verdict = verdict();
        verdict.decide(Outcome::Fraud, 100, 0).unwrap();
        verdict.stages[..2].fill(Stage { provider: key(1), price: 50, ..Stage::default() });
        verdict.stage_count = 2;
        verdict.verification_fee = 60;
        let mut receipt: Box<Receipt> = Box::new(bytemuck::Zeroable::zeroed());
        (receipt.provider, receipt.operator, receipt.slot) = (key(1), 3, 100);
        (verdict, receipt, trap(&key(1), 3, &SALT))
    }

    #[test]
    fn a_trap_opens_by_its_salt_until_its_deadline() {
        let (mut verdict, receipt, hidden) = proven();
        let mut open = |salt, slot| verdict.open_trap(&hidden, &receipt, salt, 20, slot);
        assert_eq!(open(&[8; 32], 120), Err(VerdictError::WrongTrap.into()));
        assert_eq!(open(&SALT, 121), Err(VerdictError::TrapClosed.into()));
        open(&SALT, 120).unwrap();
        assert_eq!(open(&SALT, 120), Err(VerdictError::NotProven.into()));
        assert_eq!(verdict.outcome(), Outcome::Trap);
        assert_eq!(verdict.require_slashable(), Err(VerdictError::NotProven.into()));
        assert!(verdict.require_voidable().is_ok());
    }

    #[test]
    fn whoever_was_wrong_elsewhere_obeyed_no_order() {
        let (mut verdict, mut receipt, hidden) = proven();
        for (provider, operator) in [(key(2), 3), (key(1), 2)] {
            (receipt.provider, receipt.operator) = (provider, operator);
            let wrong = verdict.open_trap(&hidden, &receipt, &SALT, 20, 100);
            assert_eq!(wrong, Err(VerdictError::WrongTrap.into()));
        }
    }

    #[test]
    fn a_result_that_others_had_a_part_in_is_no_trap() {
        let (mut verdict, receipt, hidden) = proven();
        verdict.stages[0].provider = key(2);
        let shared = verdict.open_trap(&hidden, &receipt, &SALT, 20, 100);
        assert_eq!(shared, Err(VerdictError::TrapShared.into()));
    }

    #[test]
    fn the_reward_is_covered_by_the_price() {
        let (mut verdict, ..) = proven();
        assert_eq!(verdict.trap_reward(), Some(50));
        verdict.verification_fee = 40;
        assert_eq!(verdict.trap_reward(), Some(40));
    }
}
