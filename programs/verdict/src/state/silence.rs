//! Drawn verifiers that keep silent, and who answers for it.

use anchor_lang::prelude::*;

use super::{Ballot, BallotState, Verdict};
use crate::errors::{Checked, VerdictError};

impl Verdict {
    /// Returns whether a drawn verifier neither cast nor declined although it could have.
    pub fn kept_silent(&self, ballot: &Ballot) -> bool {
        let cut_short = self.outcome().is_proven()
            && ballot.draw == self.draws
            && self.window_end <= self.ballot_deadline;
        ballot.is(BallotState::Drawn) && !cut_short
    }

    /// Marks a ballot whose verifier kept silent and returns its seat and the epoch of the snapshot
    /// from which it was drawn.
    pub fn report(&mut self, index: u8, slot: u64) -> Result<(u16, u64)> {
        let ballot = *self.ballot_mut(index)?;
        require!(self.kept_silent(&ballot), VerdictError::NotSilent);
        let open = ballot.draw == self.draws && slot <= self.ballot_deadline;
        require!(!open, VerdictError::CastingOpen);
        let epoch = self.epoch_of(&ballot).checked()?;
        self.ballot_mut(index)?.state = BallotState::Reported as u8;
        Ok((ballot.seat, epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ballot::tests::balloting, Outcome};
    use super::*;

    #[test]
    fn a_proof_that_ends_casting_early_fines_nobody() {
        let mut verdict = balloting(&[3, 4]);
        verdict.decide(Outcome::Fraud, 100, 0).unwrap();
        assert_eq!(verdict.report(0, 300), Err(VerdictError::NotSilent.into()));
        verdict.decide(Outcome::Fraud, 101, 0).unwrap();
        assert_eq!(verdict.report(0, 300).unwrap(), (3, 9));
        (verdict.ballots[1].draw, verdict.draws) = (1, 2);
        verdict.decide(Outcome::Fraud, 50, 0).unwrap();
        assert_eq!(verdict.report(1, 50).unwrap(), (4, 9));
    }
}
