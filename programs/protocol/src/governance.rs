//! The events that every program with an authority and parameters emits.

/// Declares `ParamsSet` and `AuthoritySet` for a program's type of parameters, which derives what
/// the arguments of an instruction do.
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
