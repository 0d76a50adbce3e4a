//! What a program's bytes tell whoever finds a weakness in them, in the format that explorers read.
//!
//! Before deploying elsewhere than on localnet, put the project's own address and contact here.

/// Puts the text for finders of a weakness into the program, under the program's name. A program
/// that another one calls is linked without its entrypoint, and then without its text.
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
