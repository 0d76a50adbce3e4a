use anchor_lang::Discriminator;
use bytemuck::Pod;

/// Initialises a value of type `T` in a new account's zero bytes. Returns None when their length is
/// wrong.
pub fn initialised<T: Discriminator + Pod>(data: &mut [u8]) -> Option<&mut T> {
    let (discriminator, fields) = data.split_at_mut_checked(T::DISCRIMINATOR.len())?;
    discriminator.copy_from_slice(T::DISCRIMINATOR);
    bytemuck::try_from_bytes_mut(fields).ok()
}
