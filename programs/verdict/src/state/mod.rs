mod ballot;
mod config;
mod credits;
pub mod draw;
mod stage;
mod tally;
mod urn;
mod verdict;

pub use ballot::{digest, Ballot, BallotState, Choice};
pub use config::{Config, Params};
pub use credits::{settlement, Settlement};
pub use draw::{Entropy, SnapshotAge, DRAW_DELAY, MAX_DRAWS};
pub use stage::{Stage, StageRange, MAX_STAGES, TRACE_COMMITMENT};
pub use tally::{Count, Decision};
pub use verdict::{Cranker, Outcome, State, Verdict, MAX_BALLOTS, MAX_CRANKERS};
