//! How a program declares the codes and limits that clients must know: once, here in Rust.
//!
//! Anchor's IDL keeps neither the discriminants of an enum nor the constants of other crates. Both
//! macros therefore also declare what they are given as IDL constants, from which
//! `idl/generation` makes the enums and constants of every other language:
//!
//! - a limit `MAX_STAGES` becomes the constant `MAX_STAGES` of type u64;
//! - an enum `BallotState` becomes the string constant `BALLOT_STATE`, whose value is its name, and
//!   a constant of type u8 per variant, such as `BALLOT_STATE__DRAWN`.
//!
//! The constants exist only while an IDL is built, which Anchor does by running tests. A crate that
//! uses these macros has a feature `idl-build` that turns on `protocol/idl-build`.

/// Declares enums of one byte with explicit codes. Accounts store the code, a u8.
///
/// Each enum gets `ALL`, its variants in the order of declaration, and `from_code`, the checked
/// conversion from a stored or received byte.
#[macro_export]
macro_rules! codes {
    ($(
        $(#[doc = $docs:literal])*
        $visibility:vis enum $name:ident {
            $($(#[doc = $meaning:literal])* $variant:ident = $code:literal,)+
        }
    )+) => {$(
        $(#[doc = $docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        $visibility enum $name {
            $($(#[doc = $meaning])* $variant = $code,)+
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the variant with this code, or None if there is none.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        $crate::pastey::paste! {
            #[cfg(all(test, feature = "idl-build"))]
            mod [<idl_ $name:snake>] {
                use $crate::anchor_lang;

                $(#[doc = $docs])*
                #[anchor_lang::constant]
                pub const [<$name:snake:upper>]: &str = stringify!($name);
                $(
                    $(#[doc = $meaning])*
                    #[anchor_lang::constant]
                    pub const [<$name:snake:upper __ $variant:snake:upper>]: u8 = $code;
                )+
            }
        }
    )+};
}

/// Declares constants that clients must know: limits, sizes, units and other numbers.
#[macro_export]
macro_rules! limits {
    ($(
        $(#[doc = $docs:literal])*
        $visibility:vis const $name:ident: $type:ty = $value:expr;
    )+) => {$(
        $(#[doc = $docs])*
        $visibility const $name: $type = $value;

        $crate::pastey::paste! {
            #[cfg(all(test, feature = "idl-build"))]
            mod [<idl_ $name:lower>] {
                use $crate::anchor_lang;

                $(#[doc = $docs])*
                #[anchor_lang::constant]
                pub const $name: u64 = super::$name as u64;
            }
        }
    )+};
}

#[cfg(all(test, not(feature = "idl-build")))]
mod tests {
    codes! {
        enum Light {
            Green = 1,
            Red = 3,
        }
    }

    #[test]
    fn a_code_is_read_back_and_no_other() {
        for light in Light::ALL {
            assert_eq!(Light::from_code(*light as u8), Some(*light));
        }
        let known: Vec<_> =
            (0..=u8::MAX).filter(|code| Light::from_code(*code).is_some()).collect();
        assert_eq!(known, [1, 3]);
    }
}
