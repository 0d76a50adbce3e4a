//! The events that every program with an authority and parameters emits.

/// Declares `ParamsSet` and `AuthoritySet` for a program's type of parameters, which must derive
/// the traits of an instruction argument.
#[macro_export]
macro_rules! governance_events {
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
