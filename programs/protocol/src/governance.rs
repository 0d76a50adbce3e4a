//! The events that every program with an authority and parameters emits.
//!
//! The instructions that emit them stay written out in each program: they differ in the account,
//! its loader, its checks and the error, and a macro would hide the accounts from the reader.

/// Declares `ParamsSet` and `AuthoritySet` for a program's type of parameters, which must derive
/// the traits of an instruction argument. With a second name, it also declares the event of that
/// name, which states the first authority and parameters. Call it after an event that is written
/// out: Anchor's IDL generator looks for a crate's type aliases beside the source of its first event.
#[macro_export]
macro_rules! governance_events {
    ($params:ident, $initialized:ident) => {
        #[event]
        pub struct $initialized {
            pub envelope: $crate::Envelope,
            pub authority: Pubkey,
            pub params: $params,
        }

        $crate::governance_events!($params);
    };
    ($params:ident) => {
        #[event]
        pub struct ParamsSet {
            pub envelope: $crate::Envelope,
            pub params: $params,
        }

        #[event]
        pub struct AuthoritySet {
            pub envelope: $crate::Envelope,
            pub authority: Pubkey,
        }
    };
}
