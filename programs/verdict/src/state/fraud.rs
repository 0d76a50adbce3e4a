use anchor_lang::prelude::*;
use job_registry::state::{Graph, Job};
use protocol::fixed::{mul_div_floor, BPS};
use referee::{Claim, Judgement};

use super::{Ballot, BallotState, Choice, Outcome, Stage, State, Verdict};
use crate::errors::{Checked, VerdictError};

/// Consequences of a proof, or of withheld data; all zero without either.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fraud {
    /// Party that proved the fraud; zero when data was withheld.
    pub challenger: Pubkey,
    /// Slashed stake that was not burned, in base units. It reached the job's vault after a proof,
    /// and the fee vault when data was withheld.
    pub paid: u64,
    /// Part of `paid` that goes to the challenger.
    pub bounty: u64,
    /// Index of the stage that holds the wrong element, or the element that was not shown.
    pub stage: u8,
    /// 1 once the provider lost its exposure.
    pub slashed: u8,
    pub padding: [u8; 6],
}

impl Verdict {
    /// Checks that the result can be challenged in `slot`: from its last commit until the end of
    /// its window or, when a majority cannot get the data, until it is voided. Whoever has the data
    /// can then still show what is wrong.
    pub fn require_challengeable(&self, slot: u64) -> Result<()> {
        let outcome = self.outcome();
        require!(!outcome.is_proven(), VerdictError::AlreadyProven);
        if [State::Committed, State::Balloting, State::Answering]
            .iter()
            .any(|state| self.require(*state).is_ok())
        {
            return Ok(());
        }
        if self.require(State::Disputed).is_err() {
            self.require(State::Decided)?;
            let missed = outcome == Outcome::Unavailable;
            require!(missed || outcome.pays_provider(), VerdictError::ChallengeClosed);
            if missed {
                return Ok(());
            }
        }
        require!(slot <= self.window_end, VerdictError::ChallengeClosed);
        Ok(())
    }

    /// Returns the verifier whose revealed ballot calls this element wrong.
    pub fn rejecter(&self, index: u8, (operator, element): (u32, u32)) -> Result<Pubkey> {
        let ballot = self.ballots().get(usize::from(index)).ok_or(VerdictError::NoSuchBallot)?;
        let rejects = ballot.is(BallotState::Revealed)
            && ballot.choice == Choice::Reject as u8
            && (ballot.operator, ballot.element) == (operator, element);
        require!(rejects, VerdictError::NotEntitled);
        Ok(ballot.verifier)
    }

    /// Recomputes one element of the committed result and returns the referee's judgement.
    pub fn judge(
        &self,
        job: &Job,
        graph: &Graph,
        (operator, element): (u32, u32),
        evidence: &[u8],
    ) -> Result<Judgement> {
        let claimed = |stage: &Stage| referee::Stage {
            first: stage.first,
            last: stage.last,
            root: stage.root,
        };
        let claim = Claim {
            spec_root: graph.spec_root,
            operators: graph.operators,
            inputs_root: job.input_root,
            inputs: graph.inputs,
            stages: &self.stages().iter().map(claimed).collect::<Vec<_>>(),
            operator,
            element,
        };
        Ok(referee::judge(&claim, evidence).map_err(VerdictError::from)?)
    }

    /// Ends judgement against the stage that the referee convicted and returns that stage.
    pub fn convict(
        &mut self,
        judgement: &Judgement,
        challenger: Pubkey,
        slot: u64,
    ) -> Result<Stage> {
        require!(judgement.is_fraud(), VerdictError::ElementIsRight);
        self.blame(Outcome::Fraud, judgement.stage, challenger, slot)
    }

    /// Ends judgement against the provider of a stage and returns the stage.
    pub fn blame(
        &mut self,
        outcome: Outcome,
        stage: usize,
        challenger: Pubkey,
        slot: u64,
    ) -> Result<Stage> {
        let blamed = *self.stages().get(stage).checked()?;
        self.decide(outcome, slot, 0)?;
        let stage = u8::try_from(stage).ok().checked()?;
        self.fraud = Fraud { challenger, stage, ..Fraud::default() };
        Ok(blamed)
    }

    pub fn convicted(&self) -> Result<&Stage> {
        require!(self.outcome().convicts(), VerdictError::NotProven);
        self.stages().get(usize::from(self.fraud.stage)).checked()
    }

    pub fn require_slashable(&self) -> Result<()> {
        require!(self.outcome().slashes_provider(), VerdictError::NotProven);
        require!(self.fraud.slashed == 0, VerdictError::AlreadySlashed);
        Ok(())
    }

    /// Records that the convicted provider lost its exposure, of which `paid` is in the vault. A
    /// report of withheld data earns no bounty, so nobody profits from data being unavailable.
    pub fn slashed(&mut self, paid: u64, bounty_bps: u64) -> Result<()> {
        self.fraud.slashed = 1;
        self.fraud.paid = paid;
        if self.outcome() == Outcome::Fraud {
            self.fraud.bounty = mul_div_floor(paid, bounty_bps, BPS).checked()?;
        }
        Ok(())
    }

    /// Marks a ballot that accepted what was proven wrong and returns its verifier.
    pub fn slash_ballot(&mut self, index: u8) -> Result<Pubkey> {
        require!(self.outcome().is_proven(), VerdictError::NotProven);
        let ballot = self.ballot_mut(index)?;
        require!(ballot.accepted(), VerdictError::NotAnAcceptance);
        require!(ballot.slashed == 0, VerdictError::AlreadySlashed);
        ballot.slashed = 1;
        Ok(ballot.verifier)
    }

    /// Returns whether a cast ballot stayed hidden although it could have been revealed.
    pub fn withheld(&self, ballot: &Ballot) -> bool {
        let cut_short = self.outcome().is_proven()
            && ballot.draw == self.draws
            && self.window_end <= self.reveal_deadline;
        !ballot.was_revealed() && !cut_short
    }
}

impl Ballot {
    /// Returns whether the ballot rejected what was proven wrong.
    pub fn caught(&self, outcome: Outcome) -> bool {
        outcome.is_proven() && self.was_revealed() && self.choice == Choice::Reject as u8
    }

    fn accepted(&self) -> bool {
        self.is(BallotState::Revealed) && self.choice == Choice::Accept as u8
    }

    /// Returns whether the ballot's exposure must still be slashed for accepting what was proven
    /// wrong.
    pub fn owes_slash(&self, outcome: Outcome) -> bool {
        outcome.is_proven() && self.accepted() && self.slashed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::verdict;
    use super::*;

    const WRONG: Judgement = Judgement { expected: 1, committed: 2, stage: 1 };

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn decided(outcome: Outcome) -> Box<Verdict> {
        let mut verdict = verdict();
        verdict.decide(outcome, 100, 20).unwrap();
        verdict
    }

    fn convicted() -> Box<Verdict> {
        let mut verdict = verdict();
        verdict.state = State::Balloting as u8;
        (verdict.draws, verdict.reveal_deadline) = (1, 60);
        verdict.stage_count = 2;
        verdict.stages[1] = Stage { provider: key(5), first: 2, last: 4, ..Stage::default() };
        verdict.ballot_count = 3;
        for (index, choice) in [0, 1, 2u8].into_iter().enumerate() {
            let state = if choice == 0 { BallotState::Cast } else { BallotState::Revealed };
            verdict.ballots[index] = Ballot {
                verifier: key(choice),
                draw: 1,
                state: state as u8,
                choice,
                ..Ballot::default()
            };
        }
        verdict.convict(&WRONG, key(9), 50).unwrap();
        verdict
    }

    #[test]
    fn a_result_can_be_challenged_until_its_window_has_passed() {
        let mut verdict = verdict();
        for (state, open) in [
            (State::Committing, false),
            (State::Committed, true),
            (State::Balloting, true),
            (State::Answering, true),
            (State::Settled, false),
        ] {
            verdict.state = state as u8;
            assert_eq!(verdict.require_challengeable(1).is_ok(), open);
        }
        (verdict.state, verdict.window_end) = (State::Disputed as u8, 120);
        assert!(verdict.require_challengeable(120).is_ok());
        let unproven = verdict.require_challengeable(121);
        assert_eq!(unproven, Err(VerdictError::ChallengeClosed.into()));
        for outcome in [Outcome::Accepted, Outcome::Unverified, Outcome::Unsampled] {
            assert!(decided(outcome).require_challengeable(120).is_ok());
            let late = decided(outcome).require_challengeable(121);
            assert_eq!(late, Err(VerdictError::ChallengeClosed.into()));
        }
        assert!(decided(Outcome::Unavailable).require_challengeable(1_000).is_ok());
        let withheld = decided(Outcome::Withheld).require_challengeable(100);
        assert_eq!(withheld, Err(VerdictError::ChallengeClosed.into()));
        let again = convicted().require_challengeable(50);
        assert_eq!(again, Err(VerdictError::AlreadyProven.into()));
    }

    #[test]
    fn only_a_wrong_element_convicts() {
        let mut verdict = verdict();
        verdict.stage_count = 2;
        let right = Judgement { committed: 1, ..WRONG };
        let refused = verdict.convict(&right, key(9), 50);
        assert_eq!(refused, Err(VerdictError::ElementIsRight.into()));
        assert_eq!(verdict.convicted(), Err(VerdictError::NotProven.into()));
        assert_eq!(convicted().convicted().unwrap().provider, key(5));
    }

    #[test]
    fn the_bounty_is_a_share_of_what_was_paid() {
        let mut verdict = convicted();
        verdict.require_slashable().unwrap();
        verdict.slashed(101, 5_000).unwrap();
        assert_eq!((verdict.fraud.paid, verdict.fraud.bounty), (101, 50));
        assert_eq!(verdict.require_slashable(), Err(VerdictError::AlreadySlashed.into()));
    }

    #[test]
    fn only_acceptances_are_slashed_and_once() {
        let mut verdict = convicted();
        for hidden in [0, 2] {
            let refused = verdict.slash_ballot(hidden);
            assert_eq!(refused, Err(VerdictError::NotAnAcceptance.into()));
        }
        assert!(verdict.ballots[1].owes_slash(Outcome::Fraud));
        assert_eq!(verdict.slash_ballot(1).unwrap(), key(1));
        assert!(!verdict.ballots[1].owes_slash(Outcome::Fraud));
        assert_eq!(verdict.slash_ballot(1), Err(VerdictError::AlreadySlashed.into()));
        let caught = verdict.ballots.map(|ballot| ballot.caught(Outcome::Fraud));
        assert_eq!(caught[..4], [false, false, true, false]);
        assert!(!verdict.ballots[2].caught(Outcome::Unproven));
    }

    #[test]
    fn a_ballot_that_the_proof_cut_short_was_not_withheld() {
        let mut verdict = convicted();
        assert!(!verdict.withheld(&verdict.ballots[0]));
        verdict.reveal_deadline = 49;
        assert!(verdict.withheld(&verdict.ballots[0]));
        verdict.reveal_deadline = 60;
        verdict.draws = 2;
        assert!(verdict.withheld(&verdict.ballots[0]));
        assert!(!verdict.withheld(&verdict.ballots[1]));
    }

    #[test]
    fn a_ballot_entitles_its_verifier_to_its_element_alone() {
        let mut verdict = convicted();
        (verdict.ballots[2].operator, verdict.ballots[2].element) = (3, 7);
        let index = verdict.ballots().iter().position(|ballot| ballot.verifier == key(2));
        let index = index.unwrap() as u8;
        assert_eq!(verdict.rejecter(index, (3, 7)).unwrap(), key(2));
        let refused = Err(VerdictError::NotEntitled.into());
        assert_eq!(verdict.rejecter(index, (3, 8)), refused);
        let none = Err(VerdictError::NoSuchBallot.into());
        assert_eq!(verdict.rejecter(verdict.ballot_count, (3, 7)), none);
    }
}
