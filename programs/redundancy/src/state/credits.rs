use escrow::state::Credit;
use protocol::fixed::bps_ceil;

use super::{Task, MAX_CRANKERS, MAX_TASK_RUNS};

/// The credits when a task ends. The remainder goes back to the buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    pub credits: Vec<Credit>,
    /// Fee taken from the providers' earnings, in base units.
    pub fee: u64,
}

impl Settlement {
    /// Returns the sum of the credits in base units.
    pub fn credited(&self) -> Option<u64> {
        self.credits.iter().try_fold(0u64, |sum, credit| sum.checked_add(credit.amount))
    }
}

/// Returns the settlement: each paid run earns the price less the fee, and each tipped crank step
/// earns a tip.
pub fn settlement(task: &Task, fee_bps: u16) -> Option<Settlement> {
    let fee = bps_ceil(task.price, fee_bps)?;
    let net = task.price.checked_sub(fee)?;
    let mut settlement = Settlement {
        credits: Vec::with_capacity(MAX_TASK_RUNS.checked_add(MAX_CRANKERS)?),
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
    use crate::state::{running::tests::revealed, task::tests::key};

    fn credit(party: u8, amount: u64) -> Credit {
        Credit { party: key(party), amount }
    }

    #[test]
    fn who_agrees_earns_the_price_less_the_fee_rounded_up() {
        let mut task = revealed(2, 3, &[1, 2, 1]);
        (task.price, task.paid) = (1_001, 0b101);
        task.record_crank(key(50)).unwrap();
        task.record_crank(key(50)).unwrap();
        let settled = settlement(&task, 500).unwrap();
        assert_eq!(settled.credits, [credit(0, 950), credit(2, 950), credit(50, 6)]);
        assert_eq!((settled.fee, settled.credited()), (102, Some(1_906)));
    }

    #[test]
    fn an_undecided_task_pays_tips_alone() {
        let mut task = revealed(2, 3, &[1, 2, 3]);
        task.record_crank(key(1)).unwrap();
        let settled = settlement(&task, 500).unwrap();
        assert_eq!((settled.credits, settled.fee), (vec![credit(1, 3)], 0));
    }

    #[test]
    fn a_tip_of_nothing_is_no_credit() {
        let mut task = revealed(2, 3, &[1, 2, 3]);
        task.tip = 0;
        task.record_crank(key(1)).unwrap();
        assert_eq!(settlement(&task, 500).unwrap(), Settlement::default());
    }

    #[test]
    fn overflow_gives_nothing() {
        let mut task = revealed(2, 3, &[1, 1, 1]);
        task.tip = u64::MAX;
        task.record_crank(key(1)).unwrap();
        task.record_crank(key(1)).unwrap();
        assert_eq!(settlement(&task, 500), None);
    }
}
