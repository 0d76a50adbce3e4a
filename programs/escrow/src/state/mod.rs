mod config;
mod escrow;

pub use config::*;
pub use escrow::*;
