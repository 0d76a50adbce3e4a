mod draw;
mod exposure;
mod pool;
mod position;

pub use draw::*;
pub use exposure::*;
pub use pool::*;
pub use position::*;
