use anchor_lang::Discriminator;
use bytemuck::Pod;

/// Makes a new account's zero bytes one of its type. None when they are not as many.
pub fn initialised<T: Discriminator + Pod>(data: &mut [u8]) -> Option<&mut T> {
    let (discriminator, fields) = data.split_at_mut_checked(T::DISCRIMINATOR.len())?;
    discriminator.copy_from_slice(T::DISCRIMINATOR);
    bytemuck::try_from_bytes_mut(fields).ok()
}
