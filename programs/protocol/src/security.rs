//! The contact that a program's bytes give to whoever finds a weakness, in the format that
//! explorers read.
//!
//! Before deploying to a cluster other than localnet, put the project's own address and contact
//! here.

/// Puts the contact text into the program, under the program's name. A program that is linked into
/// another one to be called has no entrypoint and no such text.
#[macro_export]
macro_rules! security {
    ($name:literal) => {
        #[cfg(not(feature = "no-entrypoint"))]
        $crate::solana_security_txt::security_txt! {
            name: $name,
            project_url: "README.md in the source of this program",
            contacts: "other:private vulnerability report on the platform that hosts the source",
            policy: "SECURITY.md in the source of this program",
            auditors: "None"
        }
    };
}
