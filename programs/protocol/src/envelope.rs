use anchor_lang::prelude::*;

/// First field of every event: a gap in an account's sequence proves that an event was missed.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub slot: u64,
    /// Unix seconds.
    pub time: i64,
    /// Sequence number, counted from 1 in the account that the event is about.
    pub sequence: u64,
}

impl Envelope {
    /// Returns an envelope with the account's next sequence number, or None after u64::MAX events.
    pub fn next(sequence: &mut u64, clock: &Clock) -> Option<Self> {
        *sequence = sequence.checked_add(1)?;
        Some(Self { slot: clock.slot, time: clock.unix_timestamp, sequence: *sequence })
    }
}
