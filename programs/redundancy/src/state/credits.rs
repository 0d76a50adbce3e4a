use escrow::state::Credit;
use protocol::fixed::bps_ceil;

use super::{State, Task, MAX_CRANKERS, MAX_TASK_RUNS};

/// How the money of a task is divided when it ends. The remainder goes back to the buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    pub credits: Vec<Credit>,
    /// Fee taken from the providers' earnings, in base units.
    pub fee: u64,
    /// Part of the buyer's money that is burned, in base units.
    pub burned: u64,
}

impl Settlement {
    /// Returns the sum of the credits in base units.
    pub fn credited(&self) -> Option<u64> {
        self.credits.iter().try_fold(0u64, |sum, credit| sum.checked_add(credit.amount))
    }
}

/// Returns the amount that an undecided task burns: half the price of every run that committed in
/// time, rounded up. Outputs are opened only where at least k runs have committed, so a buyer that
/// blocks its own task and sees any output pays for one run or more, and nobody earns by
/// disagreeing. Commitments count even if they stayed hidden; otherwise the silence of a buyer's own
/// runs would make the honest ones free.
fn burned(task: &Task) -> Option<u64> {
    if !task.is(State::Undecided) {
        return Some(0);
    }
    let committed = task.runs().iter().filter(|run| run.committed == 1).count();
    let price = task.price.checked_mul(u64::try_from(committed).ok()?)?;
    Some(price.div_ceil(2))
}

/// Returns the settlement: each paid run earns the price less the fee, each tipped crank step earns
/// a tip, and an undecided task burns a part of the price.
pub fn settlement(task: &Task, fee_bps: u64) -> Option<Settlement> {
    let fee = bps_ceil(task.price, fee_bps)?;
    let net = task.price.checked_sub(fee)?;
    let mut settlement = Settlement {
        credits: Vec::with_capacity(MAX_TASK_RUNS.checked_add(MAX_CRANKERS)?),
        burned: burned(task)?,
        ..Settlement::default()
    };
    for (index, run) in (0..).zip(task.runs()) {
        if task.paid.checked_shr(index)? & 1 == 1 {
            settlement.credits.push(Credit { party: run.provider, amount: net });
            settlement.fee = settlement.fee.checked_add(fee)?;
        }
    }
    for cranker in task.crankers() {
        let amount = task.tip.checked_mul(cranker.steps)?;
        settlement.credits.push(Credit { party: cranker.party, amount });
    }
    settlement.credits.retain(|credit| credit.amount > 0);
    Some(settlement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{running::tests::revealed, task::tests::key, RunState};

    fn credit(party: u8, amount: u64) -> Credit {
        Credit { party: key(party), amount }
    }

    #[test]
    fn who_agrees_earns_the_price_less_the_fee_rounded_up() {
        let mut task = revealed(3, &[1, 2, 1]);
        (task.price, task.paid) = (1_001, 0b101);
        task.record_crank(key(50)).unwrap();
        task.record_crank(key(50)).unwrap();
        let settled = settlement(&task, 500).unwrap();
        assert_eq!(settled.credits, [credit(0, 950), credit(2, 950), credit(50, 6)]);
        assert_eq!((settled.fee, settled.credited()), (102, Some(1_906)));
    }

    #[test]
    fn an_undecided_task_pays_tips_and_burns_half_the_price_of_each_run() {
        for (price, burned) in [(1_000, 1_500), (1_001, 1_502), (1, 2)] {
            let mut task = revealed(3, &[1, 2, 3]);
            task.price = price;
            task.record_crank(key(1)).unwrap();
            task.state = State::Undecided as u8;
            let settled = settlement(&task, 500).unwrap();
            assert_eq!((settled.credits, settled.fee), (vec![credit(1, 3)], 0));
            assert_eq!(settled.burned, burned);
        }
    }

    #[test]
    fn only_runs_that_committed_burn_and_only_when_undecided() {
        let mut task = revealed(3, &[1, 1, 2]);
        for run in [0, 2] {
            task.runs[run].state = RunState::Silent as u8;
        }
        task.runs[2].committed = 0;
        for (state, burned) in
            [(State::Undecided, 1_000), (State::Settled, 0), (State::Cancelled, 0)]
        {
            task.state = state as u8;
            assert_eq!(settlement(&task, 500).unwrap().burned, burned);
        }
    }

    #[test]
    fn all_that_an_undecided_task_burns_is_covered_by_what_is_locked() {
        let mut task = revealed(7, &[1, 2, 3, 4, 5, 6, 7]);
        task.state = State::Undecided as u8;
        task.price = u64::MAX / 7;
        assert!(settlement(&task, 500).unwrap().burned <= task.price * 7);
    }

    #[test]
    fn blocking_costs_a_buyer_more_than_paying_for_the_outputs_it_sees() {
        for n in [3, 5, 7u8] {
            // as few own runs as can block, which differ from the honest ones and from each other
            let honest = n / 2;
            let roots: Vec<u8> = (0..n).map(|run| run.saturating_sub(honest - 1)).collect();
            let mut task = revealed(n, &roots);
            assert_eq!(task.agreeing(), 0);
            task.state = State::Undecided as u8;
            let burned = settlement(&task, 500).unwrap().burned;
            assert!(burned >= task.price * u64::from(honest) + task.price / 2);
        }
    }

    #[test]
    fn a_tip_of_nothing_is_no_credit() {
        let mut task = revealed(3, &[1, 2, 3]);
        task.tip = 0;
        task.record_crank(key(1)).unwrap();
        assert_eq!(settlement(&task, 500).unwrap(), Settlement::default());
    }

    #[test]
    fn overflow_gives_nothing() {
        let mut task = revealed(3, &[1, 1, 1]);
        task.tip = u64::MAX;
        task.record_crank(key(1)).unwrap();
        task.record_crank(key(1)).unwrap();
        assert_eq!(settlement(&task, 500), None);
    }
}
