//! What everybody agrees to before any dice fall: all parameters of all programs, in numbered
//! versions. Work keeps the version under which it was posted.

mod account;
mod declaring;
mod parameters;
mod validity;

pub use account::*;
pub use parameters::*;
