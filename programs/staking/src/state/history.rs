use anchor_lang::prelude::*;

protocol::limits! {
    /// Changes that a history remembers: one per window, the latest first.
    pub const CHECKPOINTS: usize = 8;
}

/// An amount as it was when a window began.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of the window: slot / `Pool.checkpoint_slots`.
    pub window: u64,
    pub amount: u64,
}

/// The past of one amount: what it was at the beginning of each of the latest windows in which it
/// changed. Unused entries are zero.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct History {
    pub ring: [Checkpoint; CHECKPOINTS],
}

impl History {
    /// Records the amount before its first change in `window`.
    pub fn record(&mut self, window: u64, before: u64) {
        // the first entry of window 0 looks unused, which is right: nothing existed before it
        if self.ring[0].window == window {
            return;
        }
        self.ring.copy_within(..CHECKPOINTS.saturating_sub(1), 1);
        self.ring[0] = Checkpoint { window, amount: before };
    }

    /// Returns the amount at the beginning of `window`, where `now` is the present amount. Returns
    /// 0 when so many windows with changes have followed that it is forgotten.
    pub fn at(&self, window: u64, now: u64) -> u64 {
        let mut amount = now;
        for checkpoint in &self.ring {
            if checkpoint.window < window {
                return amount;
            }
            amount = checkpoint.amount;
        }
        // every entry is of this window or a later one
        if self.ring[CHECKPOINTS.saturating_sub(1)].window > window {
            0
        } else {
            amount
        }
    }

    /// Returns the amount that counts in `window`: the smaller one of its beginning and of the
    /// beginning of the window before it. A leader that ends a window therefore cannot choose which
    /// key holds its stake after it has seen the hashes of that window.
    pub fn standing(&self, window: u64, now: u64) -> u64 {
        match window.checked_sub(1) {
            Some(earlier) => self.at(earlier, now).min(self.at(window, now)),
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_counts_after_two_window_starts() {
        let mut history = History::default();
        history.record(3, 0);
        assert_eq!((history.at(3, 10), history.at(4, 10)), (0, 10));
        assert_eq!([3, 4, 5].map(|window| history.standing(window, 10)), [0, 0, 10]);
        history.record(5, 10);
        assert_eq!([4, 5, 6, 7].map(|window| history.standing(window, 2)), [0, 10, 2, 2]);
    }

    #[test]
    fn later_changes_of_a_window_are_not_recorded() {
        let mut history = History::default();
        history.record(3, 0);
        history.record(3, 7);
        assert_eq!(history.at(3, 9), 0);
    }

    #[test]
    fn the_first_window_begins_with_nothing() {
        let mut history = History::default();
        history.record(0, 0);
        assert_eq!((history.at(0, 5), history.at(1, 5), history.standing(1, 5)), (0, 5, 0));
        assert_eq!(history.standing(0, 5), 0);
    }

    #[test]
    fn forgotten_amounts_count_as_zero() {
        let mut history = History::default();
        for window in 1..=8 {
            history.record(window, window);
        }
        assert_eq!((history.at(0, 9), history.at(1, 9), history.at(8, 9)), (0, 1, 8));
        history.record(9, 9);
        assert_eq!((history.at(1, 10), history.at(2, 10)), (0, 2));
    }
}
