use escrow::state::{Credit, MAX_CREDITS};
use protocol::fixed::{bps_ceil, mul_div_floor};

use super::{Fraud, Outcome, Verdict};

/// The credits when a verdict ends. The remainder goes back to the buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    pub credits: Vec<Credit>,
    /// Fee taken from the providers' earnings, in base units.
    pub fee: u64,
    /// The challenger's bounty in base units. It is one of the credits, but paid from slashed stake
    /// instead of the amount that the buyer locked.
    pub bounty: u64,
    /// Number of multiply-adds that were paid for.
    pub macs: u64,
}

/// Returns the settlement of a verdict. Each provider earns its stages' share of its lease price
/// less the fee. Each ballot that the outcome bears out earns the verification fee. A challenger
/// earns its bounty, or a fee for a trap, and each crank step a tip. Crankers come last: where an
/// escrow has no room for all credits, theirs are left out.
pub fn settlement(verdict: &Verdict, fee_bps: u64) -> Option<Settlement> {
    let mut settlement =
        Settlement { credits: Vec::with_capacity(MAX_CREDITS), ..Settlement::default() };
    let outcome = verdict.outcome();
    if outcome.pays_provider() {
        for stage in verdict.stages() {
            let gross = mul_div_floor(stage.price, stage.macs, verdict.macs)?;
            let fee = bps_ceil(gross, fee_bps)?;
            settlement.fee = settlement.fee.checked_add(fee)?;
            settlement.macs = settlement.macs.checked_add(stage.macs)?;
            let net = gross.checked_sub(fee)?;
            let known = settlement.credits.iter_mut().find(|credit| credit.party == stage.provider);
            match known {
                Some(credit) => credit.amount = credit.amount.checked_add(net)?,
                None => settlement.credits.push(Credit { party: stage.provider, amount: net }),
            }
        }
    }
    for ballot in verdict.ballots() {
        if ballot.was_revealed() && outcome.pays_ballot(ballot.choice) {
            settlement
                .credits
                .push(Credit { party: ballot.verifier, amount: verdict.verification_fee });
        }
    }
    if verdict.fraud.bounty > 0 {
        let Fraud { challenger, bounty, .. } = verdict.fraud;
        settlement.credits.push(Credit { party: challenger, amount: bounty });
        settlement.bounty = bounty;
    }
    if outcome == Outcome::Trap {
        let amount = verdict.trap_reward()?;
        settlement.credits.push(Credit { party: verdict.fraud.challenger, amount });
    }
    for cranker in verdict.crankers() {
        if settlement.credits.len() < MAX_CREDITS {
            let amount = verdict.tip.checked_mul(cranker.steps)?;
            settlement.credits.push(Credit { party: cranker.party, amount });
        }
    }
    settlement.credits.retain(|credit| credit.amount > 0);
    Some(settlement)
}

#[cfg(test)]
mod tests {
    use anchor_lang::prelude::Pubkey;

    use super::super::verdict::tests::verdict;
    use super::super::{Ballot, Stage};
    use super::*;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn credit(party: u8, amount: u64) -> Credit {
        Credit { party: key(party), amount }
    }

    fn stage(provider: u8, macs: u64, price: u64) -> Stage {
        Stage { provider: key(provider), macs, price, ..Stage::default() }
    }

    fn judged(outcome: Outcome) -> Box<Verdict> {
        let mut verdict = verdict();
        verdict.macs = 10;
        verdict.outcome = outcome as u8;
        verdict.stages[0] = stage(1, 3, 1_001);
        verdict.stages[1] = stage(2, 4, 2_000);
        verdict.stages[2] = stage(1, 3, 1_001);
        verdict.stage_count = 3;
        let choices = [1, 2, 3, 0].into_iter();
        for ((ballot, verifier), choice) in verdict.ballots.iter_mut().zip(10..).zip(choices) {
            *ballot = Ballot { verifier: key(verifier), choice, ..Ballot::default() };
        }
        verdict.ballot_count = 4;
        verdict.verification_fee = 7;
        verdict.tip = 2;
        verdict.record_crank(key(20)).unwrap();
        verdict.record_crank(key(20)).unwrap();
        verdict
    }

    #[test]
    fn providers_share_by_multiply_adds_and_pay_the_fee_rounded_up() {
        let accepted = settlement(&judged(Outcome::Accepted), 500).unwrap();
        assert_eq!(settlement(&judged(Outcome::Unproven), 500).unwrap(), accepted);
        // each stage of 300 pays 15, and the stage of 800 pays 40
        assert_eq!(accepted.fee, 70);
        assert_eq!(accepted.macs, 10);
        let expected = [(1, 570), (2, 760), (10, 7), (20, 4)];
        assert_eq!(accepted.credits, expected.map(|(party, amount)| credit(party, amount)));
        assert_eq!(settlement(&judged(Outcome::Accepted), 1).unwrap().fee, 3);
    }

    #[test]
    fn ballots_are_paid_when_the_outcome_bears_them_out() {
        let paid = |outcome| {
            let credits = settlement(&judged(outcome), 500).unwrap().credits;
            (10..14).filter(|v| credits.iter().any(|credit| credit.party == key(*v))).collect()
        };
        let (accepted, proven): (Vec<u8>, Vec<u8>) =
            (paid(Outcome::Accepted), paid(Outcome::Fraud));
        assert_eq!((accepted, proven), (vec![10], vec![11]));
        let unproven: Vec<u8> = paid(Outcome::Unproven);
        assert_eq!(unproven, [10]);
        let (unavailable, unverified): (Vec<u8>, Vec<u8>) =
            (paid(Outcome::Unavailable), paid(Outcome::Unverified));
        assert_eq!((unavailable, unverified), (vec![12], vec![10, 11, 12]));
    }

    #[test]
    fn a_voided_attempt_pays_no_provider() {
        for outcome in [Outcome::Fraud, Outcome::Unavailable] {
            let voided = settlement(&judged(outcome), 500).unwrap();
            assert_eq!((voided.fee, voided.macs), (0, 0));
            assert!(voided
                .credits
                .iter()
                .all(|credit| credit.party != key(1) && credit.party != key(2)));
        }
    }

    #[test]
    fn a_trap_pays_its_challenger_a_fee_out_of_what_the_buyer_locked() {
        let mut verdict = judged(Outcome::Trap);
        verdict.fraud.challenger = key(9);
        let trapped = settlement(&verdict, 0).unwrap();
        assert_eq!((trapped.fee, trapped.bounty, trapped.macs), (0, 0, 0));
        let expected = [(11, 7), (9, 7), (20, 4)];
        assert_eq!(trapped.credits, expected.map(|(party, amount)| credit(party, amount)));
    }

    #[test]
    fn crankers_give_way_when_an_escrow_is_full() {
        let mut verdict = judged(Outcome::Accepted);
        verdict.stage_count = 8;
        for (entry, provider) in verdict.stages.iter_mut().zip(100..) {
            *entry = stage(provider, 1, 1_000);
        }
        verdict.ballot_count = 15;
        for (ballot, verifier) in verdict.ballots.iter_mut().zip(10..) {
            *ballot = Ballot { verifier: key(verifier), choice: 1, ..Ballot::default() };
        }
        verdict.record_crank(key(30)).unwrap();
        let credits = settlement(&verdict, 500).unwrap().credits;
        assert_eq!(credits.len(), 24);
        assert_eq!(credits[23], credit(20, 4));
    }

    #[test]
    fn overflow_gives_nothing() {
        let mut verdict = judged(Outcome::Accepted);
        verdict.tip = u64::MAX;
        assert_eq!(settlement(&verdict, 500), None);
    }
}
