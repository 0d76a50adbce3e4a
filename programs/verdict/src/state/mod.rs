mod availability;
mod ballot;
mod buffer;
mod credits;
pub mod draw;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod endings;
mod fraud;
mod receipt;
mod silence;
mod stage;
mod tally;
mod ticket;
mod trap;
mod urn;
mod verdict;
mod zeroed;

pub use availability::{question, Availability, ANSWER_DELAY, QUESTIONS};
pub use ballot::{digest, Ballot, BallotState, Choice, Released};
pub use buffer::{Buffer, HEADER_BYTES};
pub use credits::{settlement, Settlement};
pub use draw::{Entropy, SnapshotAge, DRAW_DELAY};
pub use fraud::Fraud;
pub use receipt::{Reason, Receipt};
pub use stage::{ProofKind, Stage, StageRange, MAX_STAGES};
pub use tally::{Count, Decision};
pub use ticket::{Ticket, TICKET_AGE};
pub use trap::trap;
pub use verdict::{Cranker, Outcome, State, Verdict, MAX_BALLOTS, MAX_CRANKERS};
pub use zeroed::initialised;
