//! One file per instruction, with its accounts, its validation and its handler.

pub mod close_joining;
pub mod close_task;
pub mod commit_run;
pub mod compare;
pub mod decide;
mod ending;
pub mod expire_run;
pub mod join;
pub mod open_buyer;
pub mod post_task;
pub mod release_bond;
pub mod reveal_run;

pub use close_joining::*;
pub use close_task::*;
pub use commit_run::*;
pub use compare::*;
pub use decide::*;
pub use expire_run::*;
pub use join::*;
pub use open_buyer::*;
pub use post_task::*;
pub use release_bond::*;
pub use reveal_run::*;
