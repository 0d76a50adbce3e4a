use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use crate::errors::{Checked, VerdictError};

/// Slots between a ticket and its proof: who sees the proof is too late for a ticket of its own.
pub const TICKET_DELAY: u64 = 2;

/// PDA `["ticket", job, challenger]`: names an element without showing it.
#[account]
#[derive(InitSpace, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub job: Pubkey,
    pub challenger: Pubkey,
    /// Of the element, see [`ticket_hash`].
    pub hash: [u8; 32],
    pub placed_slot: u64,
    pub bump: u8,
}

/// What a challenger places. Its key is part of it, so that a copy is worth nothing.
pub fn ticket_hash(operator: u32, element: u32, challenger: &Pubkey, salt: &[u8; 32]) -> [u8; 32] {
    hashv(&[&operator.to_le_bytes(), &element.to_le_bytes(), challenger.as_ref(), salt]).to_bytes()
}

impl Ticket {
    pub const SPACE: usize = Self::DISCRIMINATOR.len() + Self::INIT_SPACE;

    pub fn require_right(
        &self,
        job: &Pubkey,
        challenger: &Pubkey,
        (operator, element): (u32, u32),
        salt: &[u8; 32],
        slot: u64,
    ) -> Result<()> {
        let opened = ticket_hash(operator, element, challenger, salt);
        let names = self.job == *job && self.challenger == *challenger && self.hash == opened;
        require!(names, VerdictError::NoRightToProve);
        let ripe = self.placed_slot.checked_add(TICKET_DELAY).checked()?;
        require!(slot >= ripe, VerdictError::TicketTooYoung);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_for_its_element_job_and_challenger_two_slots_later() {
        let (job, party) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        let ticket = Ticket {
            job,
            challenger: party,
            hash: ticket_hash(3, 9, &party, &[5; 32]),
            placed_slot: 100,
            bump: 0,
        };
        let right = |job, party, at, salt, slot| ticket.require_right(job, party, at, salt, slot);
        assert!(right(&job, &party, (3, 9), &[5; 32], 102).is_ok());
        let young = right(&job, &party, (3, 9), &[5; 32], 101);
        assert_eq!(young, Err(VerdictError::TicketTooYoung.into()));
        let refused = Err(VerdictError::NoRightToProve.into());
        assert_eq!(right(&party, &party, (3, 9), &[5; 32], 102), refused);
        assert_eq!(right(&job, &job, (3, 9), &[5; 32], 102), refused);
        assert_eq!(right(&job, &party, (9, 3), &[5; 32], 102), refused);
        assert_eq!(right(&job, &party, (3, 9), &[6; 32], 102), refused);
    }
}
