use anchor_lang::prelude::*;

use crate::errors::RegistryError;

pub const URL_BYTES: usize = 96;

/// Zero-padded ASCII without spaces. (The IDL's generator copies the length as it is written.)
pub type Url = [u8; 96];

const _: () = assert!(size_of::<Url>() == URL_BYTES);

pub fn validate_url(url: &Url) -> Result<()> {
    let padding = url.iter().position(|byte| *byte == 0).unwrap_or(URL_BYTES);
    let (text, zeros) = url.split_at(padding);
    require!(
        !text.is_empty()
            && text.iter().all(u8::is_ascii_graphic)
            && zeros.iter().all(|byte| *byte == 0),
        RegistryError::InvalidUrl
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &[u8]) -> Url {
        let mut url = [0; URL_BYTES];
        url[..text.len()].copy_from_slice(text);
        url
    }

    #[test]
    fn a_url_is_printable_and_zero_padded() {
        assert!(validate_url(&url(b"http://127.0.0.1:8080/")).is_ok());
        assert!(validate_url(&url(&[b'a'; URL_BYTES])).is_ok());
        for bad in [&b""[..], b"a b", b"a\0b", b"\xff", b"a\n"] {
            assert!(validate_url(&url(bad)).is_err(), "{bad:?}");
        }
    }
}
