use anchor_lang::prelude::*;
use protocol::url::{is_url, URL_BYTES};

use crate::errors::RegistryError;

/// Zero-padded ASCII without spaces. The IDL's generator copies the length as it is written here.
pub type Url = [u8; 96];

const _: () = assert!(size_of::<Url>() == URL_BYTES);

pub fn validate_url(url: &Url) -> Result<()> {
    require!(is_url(url), RegistryError::InvalidUrl);
    Ok(())
}
