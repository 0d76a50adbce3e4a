use anchor_lang::{prelude::*, Discriminator};

use crate::errors::{Checked, VerdictError};

/// Evidence that is uploaded for the referee: this header, followed by `length` bytes.
///
/// It is not a program address. Its challenger creates it with `create_account_with_seed`, because
/// a program can allocate at most 10,240 bytes in one instruction.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Buffer {
    pub challenger: Pubkey,
    /// Party that gets the rent back.
    pub payer: Pubkey,
    pub job: Pubkey,
    pub length: u32,
    pub padding: [u8; 4],
}

protocol::limits! {
    /// Bytes of a buffer before its evidence, discriminator included.
    pub const HEADER_BYTES: usize = 112;
}

const _: () = assert!(Buffer::DISCRIMINATOR.len() + std::mem::size_of::<Buffer>() == HEADER_BYTES);

impl Buffer {
    /// Refuses an account that does not hold exactly `length` bytes of evidence.
    pub fn require_length(account_bytes: usize, length: u32) -> Result<()> {
        let expected = usize::try_from(length).ok().and_then(|n| n.checked_add(HEADER_BYTES));
        require!(expected == Some(account_bytes), VerdictError::BufferLength);
        Ok(())
    }

    pub fn evidence(account: &[u8]) -> &[u8] {
        account.get(HEADER_BYTES..).unwrap_or(&[])
    }

    /// Returns the evidence that the account holds behind its header, followed by `tail`.
    pub fn completed(account: &AccountInfo, tail: &[u8]) -> Result<Vec<u8>> {
        Ok([Self::evidence(&account.try_borrow_data()?), tail].concat())
    }

    pub fn write(account: &mut [u8], offset: u32, bytes: &[u8]) -> Result<()> {
        let start = usize::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(HEADER_BYTES))
            .checked()?;
        let end = start.checked_add(bytes.len()).checked()?;
        account.get_mut(start..end).ok_or(VerdictError::BeyondBuffer)?.copy_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stay_behind_the_header_and_within_the_account() {
        let mut account = [1; HEADER_BYTES + 4];
        Buffer::write(&mut account, 1, &[2, 3, 4]).unwrap();
        assert_eq!(Buffer::evidence(&account), [1, 2, 3, 4]);
        for (offset, count) in [(2, 3), (5, 0), (u32::MAX, 1)] {
            let refused = Buffer::write(&mut account, offset, &[9; 4][..count]);
            assert_eq!(refused, Err(VerdictError::BeyondBuffer.into()));
        }
        assert!(account[..HEADER_BYTES].iter().all(|byte| *byte == 1));
    }

    #[test]
    fn holds_exactly_its_length() {
        assert!(Buffer::require_length(HEADER_BYTES + 4, 4).is_ok());
        for bytes in [0, HEADER_BYTES, HEADER_BYTES + 3, HEADER_BYTES + 5] {
            let refused = Buffer::require_length(bytes, 4);
            assert_eq!(refused, Err(VerdictError::BufferLength.into()));
        }
    }
}
