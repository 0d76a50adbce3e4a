use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};
use protocol::fixed::bps_floor;
use referee::{Claim, Judgement};

use super::{BallotState, Choice, Outcome, State, Ticket, Verdict, MAX_STAGES};
use crate::errors::{Checked, VerdictError};

impl Verdict {
    /// Judges one element of what was committed for this job.
    pub fn judge(
        &self,
        job: &Job,
        graph: &Graph,
        (operator, element): (u32, u32),
        evidence: &[u8],
    ) -> Result<Judgement> {
        let mut stages = [referee::Stage { first: 0, last: 0, root: [0; 32] }; MAX_STAGES];
        for (entry, stage) in stages.iter_mut().zip(self.stages()) {
            *entry = referee::Stage { first: stage.first, last: stage.last, root: stage.root };
        }
        let claim = Claim {
            spec_root: graph.spec_root,
            operators: graph.operators,
            inputs_root: job.input_root,
            inputs: graph.inputs,
            stages: stages.get(..self.stages().len()).checked()?,
            operator,
            element,
        };
        Ok(referee::judge(&claim, evidence).map_err(VerdictError::from)?)
    }

    /// Until the verdict is decided, then within its window; one proof a job.
    pub fn require_provable(&self, slot: u64) -> Result<()> {
        let is = |state: State| self.state == state as u8;
        let open = is(State::Committing)
            || is(State::Committed)
            || is(State::Balloting)
            || is(State::Answering)
            || is(State::Disputed) && slot <= self.window_end
            || is(State::Decided) && self.outcome().pays_provider() && slot <= self.window_end;
        require!(open, VerdictError::ProofClosed);
        Ok(())
    }

    /// A challenger must have named the element before anybody could copy it from its proof: by
    /// a ballot that rejects it, or by a ticket.
    pub fn require_right(
        &self,
        challenger: &Pubkey,
        (operator, element): (u32, u32),
        ticket: Option<&Ticket>,
        salt: &[u8; 32],
        slot: u64,
    ) -> Result<()> {
        let rejects = self.ballots().iter().any(|ballot| {
            ballot.is(BallotState::Revealed)
                && ballot.verifier == *challenger
                && ballot.chose(Choice::Reject)
                && (ballot.operator, ballot.element) == (operator, element)
        });
        if rejects {
            return Ok(());
        }
        let ticket = ticket.ok_or(VerdictError::NoRightToProve)?;
        ticket.require_right(&self.job, challenger, (operator, element), salt, slot)
    }

    /// Ends judgement by proof.
    pub fn convict(&mut self, stage: usize, challenger: Pubkey, slot: u64) -> Result<()> {
        self.convicted = u8::try_from(stage).ok().checked()?;
        self.challenger = challenger;
        self.decide(Outcome::Fraud, slot, 0)
    }

    /// Gives the provider to slash.
    pub fn require_slashable(&self) -> Result<Pubkey> {
        require!(self.outcome() == Outcome::Fraud, VerdictError::NoFraud);
        require!(self.provider_slashed == 0, VerdictError::AlreadySlashed);
        Ok(self.stages().get(usize::from(self.convicted)).checked()?.provider)
    }

    /// Records that `paid` reached the job's vault; gives the challenger's share of it.
    pub fn provider_slashed(&mut self, paid: u64, bounty_bps: u16) -> Result<u64> {
        self.provider_slashed = 1;
        self.slashed = paid;
        self.bounty = bps_floor(paid, bounty_bps).checked()?;
        Ok(self.bounty)
    }

    /// Marks a ballot that accepted what was proved wrong; gives its verifier.
    pub fn slash_ballot(&mut self, index: u8) -> Result<Pubkey> {
        require!(self.outcome() == Outcome::Fraud, VerdictError::NoFraud);
        let ballot = self.ballot_mut(index)?;
        require!(ballot.chose(Choice::Accept), VerdictError::BallotDidNotAccept);
        require!(ballot.slashed == 0, VerdictError::AlreadySlashed);
        ballot.slashed = 1;
        Ok(ballot.verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::verdict;
    use super::super::{Ballot, Stage};
    use super::*;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    #[test]
    fn a_proof_is_taken_until_its_window_ends() {
        let mut verdict = verdict();
        for state in [State::Committing, State::Committed, State::Balloting, State::Answering] {
            verdict.state = state as u8;
            assert!(verdict.require_provable(1_000).is_ok());
        }
        let closed = Err(VerdictError::ProofClosed.into());
        (verdict.state, verdict.window_end) = (State::Disputed as u8, 10);
        assert!(verdict.require_provable(10).is_ok());
        assert_eq!(verdict.require_provable(11), closed);
        for outcome in [Outcome::Accepted, Outcome::Unverified, Outcome::Unsampled] {
            verdict.decide(outcome, 10, 5).unwrap();
            assert!(verdict.require_provable(15).is_ok());
            assert_eq!(verdict.require_provable(16), closed);
        }
        for outcome in [Outcome::Fraud, Outcome::Unavailable] {
            verdict.decide(outcome, 10, 5).unwrap();
            assert_eq!(verdict.require_provable(10), closed);
        }
        verdict.state = State::Settled as u8;
        assert_eq!(verdict.require_provable(0), closed);
    }

    #[test]
    fn only_the_rejecter_of_an_element_proves_it_without_a_ticket() {
        let mut verdict = verdict();
        verdict.ballot_count = 1;
        verdict.ballots[0] = Ballot {
            verifier: key(1),
            operator: 3,
            element: 9,
            state: BallotState::Revealed as u8,
            choice: Choice::Reject as u8,
            ..Ballot::default()
        };
        let right = |party, at| verdict.require_right(&key(party), at, None, &[0; 32], 100);
        assert!(right(1, (3, 9)).is_ok());
        let refused = Err(VerdictError::NoRightToProve.into());
        for (party, at) in [(2, (3, 9)), (1, (3, 8)), (1, (2, 9))] {
            assert_eq!(right(party, at), refused);
        }
    }

    #[test]
    fn the_convicted_stage_s_provider_is_slashed_once() {
        let mut verdict = verdict();
        verdict.operators = 4;
        for (first, provider) in [(0, 1), (2, 2)] {
            let stage =
                Stage { provider: key(provider), first, last: first + 2, ..Stage::default() };
            verdict.commit(stage).unwrap();
        }
        assert_eq!(verdict.require_slashable(), Err(VerdictError::NoFraud.into()));
        verdict.convict(0, key(9), 40).unwrap();
        assert_eq!(verdict.require_slashable(), Ok(key(1)));
        assert_eq!(verdict.provider_slashed(101, 5_000), Ok(50));
        assert_eq!(verdict.require_slashable(), Err(VerdictError::AlreadySlashed.into()));
    }

    #[test]
    fn who_accepted_is_slashed_once_and_only_then_released() {
        let mut verdict = verdict();
        verdict.ballot_count = 3;
        for (ballot, choice) in verdict.ballots.iter_mut().zip([1, 2, 0]) {
            let state = if choice == 0 { BallotState::Cast } else { BallotState::Revealed } as u8;
            *ballot = Ballot { choice, state, draw: 1, ..Ballot::default() };
        }
        assert_eq!(verdict.slash_ballot(0), Err(VerdictError::NoFraud.into()));
        (verdict.draws, verdict.reveal_deadline) = (1, 40);
        verdict.convict(0, key(9), 40).unwrap();
        verdict.state = State::Settled as u8;
        assert_eq!(verdict.release(0), Err(VerdictError::BallotUnslashed.into()));
        verdict.slash_ballot(0).unwrap();
        assert_eq!(verdict.slash_ballot(0), Err(VerdictError::AlreadySlashed.into()));
        assert_eq!(verdict.slash_ballot(1), Err(VerdictError::BallotDidNotAccept.into()));
        let withheld = [0, 1, 2].map(|index| verdict.release(index).unwrap().1);
        assert_eq!(withheld, [false; 3]);
    }

    #[test]
    fn a_ballot_withheld_before_the_proof_costs_its_fee() {
        let mut verdict = verdict();
        verdict.ballot_count = 1;
        verdict.ballots[0] =
            Ballot { state: BallotState::Cast as u8, draw: 1, ..Ballot::default() };
        (verdict.draws, verdict.reveal_deadline) = (1, 39);
        verdict.convict(0, key(9), 40).unwrap();
        verdict.state = State::Settled as u8;
        assert!(verdict.release(0).unwrap().1);
    }
}
