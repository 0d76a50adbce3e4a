use anchor_lang::prelude::*;
use protocol::Envelope;

#[event]
pub struct VerdictOpened {
    pub envelope: Envelope,
    pub job: Pubkey,
    /// Version of the terms that the verdict keeps.
    pub terms: u16,
}

#[event]
pub struct StageCommitted {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub provider: Pubkey,
    pub attempt: u8,
    pub kind: u8,
    pub first: u16,
    pub last: u16,
    pub root: [u8; 32],
    pub macs: u64,
    /// Number of stages that the verdict now holds.
    pub stages: u8,
}

#[event]
pub struct PartialAdopted {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub committed_slot: u64,
    pub last: u16,
}

#[event]
pub struct VerifiersDrawn {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub draw: u8,
    pub seed: [u8; 32],
    pub snapshot_epoch: u64,
    pub seats: Vec<u16>,
    pub ballot_deadline: u64,
    pub reveal_deadline: u64,
}

/// The job is not judged: the beacon spared it, or no verifier is left to draw.
#[event]
pub struct VerificationSkipped {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub outcome: u8,
    pub seed: [u8; 32],
    pub window_end: u64,
}

#[event]
pub struct BallotCast {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub ballot: u8,
    pub verifier: Pubkey,
    pub ballot_deadline: u64,
    pub reveal_deadline: u64,
}

#[event]
pub struct BallotDeclined {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub ballot: u8,
    pub verifier: Pubkey,
    pub ballot_deadline: u64,
    pub reveal_deadline: u64,
}

#[event]
pub struct SilenceReported {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub ballot: u8,
    pub seat: u16,
    /// The verifier that is fined; the default key if nobody answers for the ballot.
    pub verifier: Pubkey,
}

#[event]
pub struct BallotRevealed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub ballot: u8,
    pub verifier: Pubkey,
    pub choice: u8,
    pub operator: u32,
    pub element: u32,
}

#[event]
pub struct BallotsTallied {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub accept: u8,
    pub reject: u8,
    pub unavailable: u8,
    pub drawn: u8,
    /// A code of `Outcome`; 0 while not decided.
    pub outcome: u8,
    /// A code of `State`: Committed when more verifiers will be drawn, Disputed when a proof is
    /// awaited, Answering when providers are asked for data, otherwise Decided.
    pub state: u8,
    /// Last slot in which a proof is accepted.
    pub window_end: u64,
    /// Last slot in which an answer is accepted.
    pub answer_deadline: u64,
}

#[event]
pub struct VerdictSettled {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub outcome: u8,
    /// Sum of all credits, in base units.
    pub credited: u64,
    pub fee: u64,
    pub macs: u64,
}

#[event]
pub struct VerdictVoided {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub outcome: u8,
    pub credited: u64,
    /// Provider held responsible for the voided result.
    pub blamed: Pubkey,
    /// Whether the provider's bond is forfeited: to the job's vault after a proof, to the fee vault
    /// when data was withheld. A bond that an expired lease cost before is gone.
    pub forfeited: bool,
}

#[event]
pub struct BallotReleased {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub ballot: u8,
    pub verifier: Pubkey,
    /// Whether the ballot was withheld and the silence fee taken.
    pub withheld: bool,
    /// Whether the ballot rejected what was proven wrong, which raises its verifier's catch rate.
    pub caught: bool,
}

#[event]
pub struct VerdictClosed {
    pub envelope: Envelope,
    pub job: Pubkey,
}

#[event]
pub struct FraudProven {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub challenger: Pubkey,
    pub provider: Pubkey,
    pub stage: u8,
    pub operator: u32,
    pub element: u32,
    pub expected: i32,
    pub committed: i32,
    /// SHA-256 of the evidence.
    pub evidence: [u8; 32],
}

#[event]
pub struct ProviderSlashed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub provider: Pubkey,
    /// Stake taken from the provider. This and the amounts below are in base units.
    pub slashed: u64,
    pub burned: u64,
    pub bounty: u64,
}

#[event]
pub struct TrapOpened {
    pub envelope: Envelope,
    pub job: Pubkey,
    /// Provider that was wrong on the buyer's order. It loses nothing.
    pub provider: Pubkey,
    pub operator: u32,
    pub salt: [u8; 32],
}

#[event]
pub struct BallotSlashed {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub ballot: u8,
    pub verifier: Pubkey,
    /// Stake taken from the verifier, in base units.
    pub slashed: u64,
}

#[event]
pub struct ElementAnswered {
    pub envelope: Envelope,
    pub job: Pubkey,
    pub shown_by: Pubkey,
    pub question: u8,
    pub operator: u32,
    pub element: u32,
    /// Bit i is set once question i has been answered.
    pub answered: u8,
    /// A code of `State`: Answering while questions are open.
    pub state: u8,
}

#[event]
pub struct AnswersDemanded {
    pub envelope: Envelope,
    pub job: Pubkey,
    /// Last slot in which an answer is accepted.
    pub answer_deadline: u64,
}

#[event]
pub struct DataWithheld {
    pub envelope: Envelope,
    pub job: Pubkey,
    /// Provider of the stage that holds the first element that was not shown.
    pub provider: Pubkey,
    pub stage: u8,
    pub operator: u32,
    pub element: u32,
    /// Bit i is set once question i has been answered.
    pub answered: u8,
}
