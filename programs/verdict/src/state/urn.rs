use protocol::{
    fenwick::{self, Sums},
    fixed::widening_mul,
};

/// A seat that was taken out, and the position of its first unit when all seats were laid out in
/// order.
#[derive(Clone, Copy, Debug)]
struct Taken {
    seat: u16,
    start: u64,
    weight: u64,
}

/// Seats by weight, for drawing without replacement from a tree that is never modified.
///
/// Taken seats are kept in order, so that a remaining unit is found by stepping over them once. The
/// search in the tree itself costs the same however many have been taken.
#[derive(Clone, Debug)]
pub struct Urn<'a> {
    sums: &'a Sums,
    taken: Vec<Taken>,
    remaining: u64,
}

impl<'a> Urn<'a> {
    pub fn new(sums: &'a Sums, room: usize) -> Self {
        Self { sums, taken: Vec::with_capacity(room), remaining: sums.last().map_or(0, |s| *s) }
    }

    pub fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// Takes a seat out. The second time has no effect. Returns None when there is no such seat.
    pub fn remove(&mut self, seat: u16) -> Option<()> {
        let Err(position) = self.taken.binary_search_by_key(&seat, |taken| taken.seat) else {
            return Some(());
        };
        let weight = fenwick::weight(self.sums, seat)?;
        self.remaining = self.remaining.checked_sub(weight)?;
        let start = fenwick::weight_before(self.sums, seat)?;
        self.taken.insert(position, Taken { seat, start, weight });
        Some(())
    }

    /// Takes out and returns the seat that holds unit `random * remaining / 2^64` of the remaining
    /// weight. Returns None when no weight remains.
    pub fn draw(&mut self, random: u64) -> Option<u16> {
        let scaled = widening_mul(random, self.remaining) >> 64;
        let mut target = u64::try_from(scaled).ok()?;
        for taken in &self.taken {
            if target < taken.start {
                break;
            }
            target = target.checked_add(taken.weight)?;
        }
        let seat = fenwick::select(self.sums, target)?;
        self.remove(seat)?;
        Some(seat)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use protocol::fenwick::SEATS;

    pub fn tree(weights: &[u64]) -> Box<Sums> {
        let mut sums = Box::new([0; SEATS]);
        for (seat, weight) in (0u16..).zip(weights) {
            fenwick::set(&mut sums, seat, *weight).unwrap();
        }
        sums
    }

    /// Returns the random number that lands on unit `target` of `remaining`.
    fn aim(target: u64, remaining: u64) -> u64 {
        let units = (u128::from(target) << 64) | u128::from(u64::MAX);
        u64::try_from(units.checked_div(u128::from(remaining)).unwrap()).unwrap()
    }

    #[test]
    fn every_unit_of_what_remains_belongs_to_its_seat() {
        let weights = [3, 0, 2, 5, 1, 0, 4];
        let sums = tree(&weights);
        let mut urn = Urn::new(&sums, 3);
        for seat in [3, 0, 5, 3] {
            urn.remove(seat).unwrap();
        }
        let expected = [2, 2, 4, 6, 6, 6, 6];
        for (target, seat) in (0..).zip(expected) {
            assert_eq!(urn.clone().draw(aim(target, 7)), Some(seat));
        }
    }

    #[test]
    fn an_urn_runs_empty() {
        let sums = tree(&[3, 0, 2]);
        let mut urn = Urn::new(&sums, 3);
        assert!(!urn.is_empty());
        assert_eq!((urn.draw(u64::MAX), urn.draw(0)), (Some(2), Some(0)));
        assert!(urn.is_empty());
        assert_eq!(urn.draw(0), None);
    }

    #[test]
    fn a_seat_beyond_the_tree_is_refused() {
        let sums = tree(&[3]);
        assert_eq!(Urn::new(&sums, 1).remove(SEATS as u16), None);
    }
}
