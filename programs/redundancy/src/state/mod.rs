//! The accounts that the program stores. Transitions are methods of the stored type: an instruction
//! checks the caller, and the type checks whether the transition is allowed.

mod agreement;
mod buyer;
mod comparing;
mod credits;
mod decision;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod endings;
mod run;
mod running;
mod task;
mod tolerance;

pub use buyer::Buyer;
pub use credits::{settlement, Settlement};
pub use decision::Decision;
pub use run::{commitment, Run, RunState};
pub use task::{
    Cranker, State, Task, MAX_CRANKERS, MAX_TASK_RUNS, MIN_TASK_RUNS, PAID_CRANK_STEPS,
};
pub use tolerance::{validate_output, Element, Tolerance};
