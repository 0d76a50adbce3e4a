use anchor_lang::{prelude::*, Discriminator};
use solana_sha256_hasher::hashv;

use crate::errors::VerdictError;

protocol::limits! {
    /// Minimum ticket age in slots, so that anyone copying a pending proof is too late.
    pub const TICKET_AGE: u64 = 2;
}

/// PDA `["ticket", job, challenger]`: a challenge that is announced without naming the element.
#[account(zero_copy)]
#[derive(Debug, Default)]
pub struct Ticket {
    pub job: Pubkey,
    pub challenger: Pubkey,
    /// Party that the bounty is for.
    pub beneficiary: Pubkey,
    /// SHA256(operator | element | challenger | salt), with integers as little-endian u32.
    pub hash: [u8; 32],
    pub placed_slot: u64,
    pub bump: u8,
    pub padding: [u8; 7],
}

impl Ticket {
    pub const SPACE: usize = Self::DISCRIMINATOR.len() + std::mem::size_of::<Self>();

    /// Refuses a ticket unless it is the challenger's own, names this job and element, and is old
    /// enough.
    pub fn require_for(
        &self,
        job: &Pubkey,
        challenger: &Pubkey,
        (operator, element): (u32, u32),
        salt: &[u8; 32],
        slot: u64,
    ) -> Result<()> {
        require_keys_eq!(self.job, *job, VerdictError::JobMismatch);
        require_keys_eq!(self.challenger, *challenger, VerdictError::Unauthorized);
        let (operator, element) = (operator.to_le_bytes(), element.to_le_bytes());
        let hash = hashv(&[&operator, &element, challenger.as_ref(), salt]).to_bytes();
        require!(self.hash == hash, VerdictError::WrongTicket);
        let age = slot.saturating_sub(self.placed_slot);
        require!(age >= TICKET_AGE, VerdictError::TicketTooYoung);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 32] = [7; 32];

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn ticket() -> Ticket {
        let hash = hashv(&[&3u32.to_le_bytes(), &9u32.to_le_bytes(), key(2).as_ref(), &SALT]);
        Ticket {
            job: key(1),
            challenger: key(2),
            hash: hash.to_bytes(),
            placed_slot: 10,
            ..Ticket::default()
        }
    }

    #[test]
    fn counts_from_its_second_slot() {
        let at = |slot| ticket().require_for(&key(1), &key(2), (3, 9), &SALT, slot);
        assert_eq!(at(11), Err(VerdictError::TicketTooYoung.into()));
        assert!(at(12).is_ok());
    }

    #[test]
    fn is_bound_to_job_challenger_element_and_salt() {
        let ticket = ticket();
        let wrong = Err(VerdictError::WrongTicket.into());
        let other_job = ticket.require_for(&key(9), &key(2), (3, 9), &SALT, 20);
        assert_eq!(other_job, Err(VerdictError::JobMismatch.into()));
        let copied = ticket.require_for(&key(1), &key(9), (3, 9), &SALT, 20);
        assert_eq!(copied, Err(VerdictError::Unauthorized.into()));
        for place in [(3, 8), (2, 9)] {
            assert_eq!(ticket.require_for(&key(1), &key(2), place, &SALT, 20), wrong);
        }
        assert_eq!(ticket.require_for(&key(1), &key(2), (3, 9), &[8; 32], 20), wrong);
    }

    #[test]
    fn size_is_frozen() {
        assert_eq!(Ticket::SPACE, 152);
    }
}
