mod draw;
mod exposure;
mod history;
mod pool;
mod position;
mod terms;

pub use draw::*;
pub use exposure::*;
pub use history::*;
pub use pool::*;
pub use position::*;
pub use terms::*;
