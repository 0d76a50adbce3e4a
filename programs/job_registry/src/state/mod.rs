//! The accounts that the program stores. Transitions are methods of the stored type: an instruction
//! checks the caller, and the type checks whether the transition is allowed.

pub mod buyer;
pub mod claim_order;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod endings;
pub mod graph;
pub mod job;
pub mod market;
pub mod price;
pub mod provider;
pub mod score;
pub mod url;
pub mod verifier;

pub use buyer::*;
pub use graph::*;
pub use job::*;
pub use market::*;
pub use provider::*;
pub use url::*;
pub use verifier::*;
