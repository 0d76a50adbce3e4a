//! The exact operators: which descriptors they accept, which bytes one element of their output
//! depends on, and what value that element must have.
//!
//! Every operator is one file in `exact` that implements the trait `Operator`; README.md explains
//! how to add one. This crate has no accounts and no Anchor types: `job_registry` validates
//! descriptors with it, and `referee` judges elements with it.

#![forbid(unsafe_code)]

pub mod descriptor;
mod dot;
mod ending;
mod error;
mod exact;
mod layout;
mod operand;
mod operator;
mod place;
mod reading;
mod rounding;
mod rules;
mod run;
mod window;

pub use error::OperatorError;
pub use exact::{runs, value};
pub use layout::{depth, integer, Layout};
pub use operand::Operand;
pub use place::Place;
pub use run::{leaf_ranges, Run, LEAF};

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
#[path = "../../protocol/src/recorded.rs"]
mod recorded;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
