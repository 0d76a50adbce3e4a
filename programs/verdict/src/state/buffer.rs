use anchor_lang::prelude::*;

use crate::errors::{Checked, VerdictError};

/// Head of an account in which a challenger stages evidence; the evidence follows. The account is
/// made at top level, since a program could make one of 10,240 bytes only.
#[account(zero_copy)]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Buffer {
    pub challenger: Pubkey,
    /// Paid this account's rent and gets it back.
    pub payer: Pubkey,
    pub job: Pubkey,
    /// Bytes of evidence.
    pub length: u32,
    pub padding: [u8; 4],
}

/// No element needs more.
const MAX_LENGTH: u32 = 16_384;

impl Buffer {
    pub const HEAD: usize = Self::DISCRIMINATOR.len() + std::mem::size_of::<Self>();

    /// The account must be as long as it says.
    pub fn require_size(account_bytes: usize, length: u32) -> Result<()> {
        let exact = Self::HEAD.checked_add(length as usize) == Some(account_bytes);
        require!(exact && length <= MAX_LENGTH, VerdictError::BufferSize);
        Ok(())
    }

    /// Writes evidence at `offset`.
    pub fn write(&self, account: &AccountInfo, offset: u32, bytes: &[u8]) -> Result<()> {
        let begin = offset as usize;
        let end = begin.checked_add(bytes.len()).checked()?;
        require!(end <= self.length as usize, VerdictError::OutOfBounds);
        let mut data = account.try_borrow_mut_data()?;
        let evidence = data.get_mut(Self::HEAD..).checked()?;
        evidence.get_mut(begin..end).checked()?.copy_from_slice(bytes);
        Ok(())
    }
}

/// The evidence of a buffer and what rides with the proof.
pub fn evidence(account: &AccountInfo, tail: &[u8]) -> Result<Vec<u8>> {
    let data = account.try_borrow_data()?;
    Ok([data.get(Buffer::HEAD..).checked()?, tail].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_as_long_as_its_evidence() {
        assert_eq!(Buffer::HEAD, 112);
        assert!(Buffer::require_size(112, 0).is_ok());
        assert!(Buffer::require_size(112 + 16_384, 16_384).is_ok());
        let refused = Err(VerdictError::BufferSize.into());
        for (bytes, length) in [(112, 1), (113, 0), (111, 0), (112 + 16_385, 16_385)] {
            assert_eq!(Buffer::require_size(bytes, length), refused);
        }
    }

    #[test]
    fn evidence_is_written_within_bounds() {
        let (key, owner) = (Pubkey::default(), crate::ID);
        let (mut lamports, mut data) = (0, vec![0; 112 + 4]);
        let account = AccountInfo::new(&key, false, true, &mut lamports, &mut data, &owner, false);
        let buffer = Buffer { length: 4, ..Buffer::default() };
        buffer.write(&account, 1, &[7, 8, 9]).unwrap();
        assert_eq!(evidence(&account, &[1]).unwrap(), [0, 7, 8, 9, 1]);
        let refused = Err(VerdictError::OutOfBounds.into());
        assert_eq!(buffer.write(&account, 2, &[7, 8, 9]), refused);
        assert_eq!(buffer.write(&account, u32::MAX, &[7]), refused);
    }
}
