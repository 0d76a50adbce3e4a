//! Code that the programs share: addresses and seeds, codes and limits, the event envelope,
//! fixed-point arithmetic, Merkle trees, the seat tree, the order of claims, SlotHashes, URLs,
//! calls between programs and exact token movements.
//!
//! Nothing here returns an Anchor error: every program maps a `None` to a code of its own range.

#![forbid(unsafe_code)]

pub mod addresses;
pub mod call;
pub mod claim_order;
pub mod codes;
pub mod creation;
pub mod economics;
pub mod envelope;
pub mod fenwick;
pub mod fixed;
pub mod merkle;
pub mod security;
pub mod seeds;
pub mod shards;
pub mod slot_hashes;
pub mod token;
pub mod url;

pub use envelope::Envelope;
#[doc(hidden)]
pub use {anchor_lang, pastey, solana_security_txt};

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod recorded;
