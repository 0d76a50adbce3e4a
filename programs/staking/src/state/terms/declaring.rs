/// Declares the parameters of one program, each a u64 with the least and the greatest value that
/// any terms may give it.
macro_rules! parameters {
    ($(
        $(#[doc = $docs:literal])*
        pub struct $name:ident {
            $($(#[doc = $meaning:literal])* pub $field:ident in $least:literal..=$greatest:expr,)+
        }
    )+) => {$(
        $(#[doc = $docs])*
        #[derive(
            AnchorSerialize,
            AnchorDeserialize,
            bytemuck::Pod,
            bytemuck::Zeroable,
            Clone,
            Copy,
            Debug,
            Default,
            PartialEq,
            Eq,
        )]
        #[repr(C)]
        pub struct $name {
            $($(#[doc = $meaning])* pub $field: u64,)+
        }

        impl $name {
            /// The least and the greatest value of each field, in the fields' order.
            pub const BOUNDS: &'static [(u64, u64)] = &[$(($least, $greatest)),+];
        }
    )+};
}

pub(super) use parameters;
