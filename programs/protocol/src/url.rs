//! URLs where a party serves data, in the form that accounts hold.

crate::limits! {
    /// Number of bytes of a URL in an account, padded with zeros.
    pub const URL_BYTES: usize = 96;
}

/// Returns whether these are 1 to 96 printable ASCII characters without spaces, padded with zeros.
pub fn is_url(url: &[u8; URL_BYTES]) -> bool {
    let padding = url.iter().position(|byte| *byte == 0).unwrap_or(URL_BYTES);
    let (text, zeros) = url.split_at(padding);
    !text.is_empty() && text.iter().all(u8::is_ascii_graphic) && zeros.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &[u8]) -> [u8; URL_BYTES] {
        let mut url = [0; URL_BYTES];
        url[..text.len()].copy_from_slice(text);
        url
    }

    #[test]
    fn a_url_is_printable_and_zero_padded() {
        assert!(is_url(&url(b"http://127.0.0.1:8080/")));
        assert!(is_url(&url(&[b'a'; URL_BYTES])));
        for bad in [&b""[..], b"a b", b"a\0b", b"\xff", b"a\n"] {
            assert!(!is_url(&url(bad)), "{bad:?}");
        }
    }
}
