//! Fenwick tree of seat weights, stored as one array: element i holds the sum of the
//! `lowest set bit of i + 1` weights that end at seat i.

crate::limits! {
    /// Number of verifier seats, each with a weight in the tree.
    pub const SEATS: usize = 1024;
}

pub type Sums = [u64; SEATS];

/// Returns the weight of one seat.
pub fn weight(sums: &Sums, seat: u16) -> Option<u64> {
    let seat = usize::from(seat);
    let mut weight = *sums.get(seat)?;
    let span = 1usize << seat.trailing_ones();
    let mut step = 1;
    while step < span {
        weight = weight.checked_sub(*sums.get(seat.checked_sub(step)?)?)?;
        step <<= 1;
    }
    Some(weight)
}

/// Sets the weight of one seat and returns its old weight. Returns None when the seat does not
/// exist or a sum overflows. Some sums may have changed by then, so the caller must fail.
pub fn set(sums: &mut Sums, seat: u16, weight_now: u64) -> Option<u64> {
    let before = weight(sums, seat)?;
    let mut index = usize::from(seat);
    while let Some(sum) = sums.get_mut(index) {
        *sum = sum.checked_sub(before)?.checked_add(weight_now)?;
        index |= index.wrapping_add(1);
    }
    Some(before)
}

/// Returns the weight of all seats before `seat`.
pub fn weight_before(sums: &Sums, seat: u16) -> Option<u64> {
    let mut end = usize::from(seat);
    let mut weight = 0u64;
    while let Some(last) = end.checked_sub(1) {
        weight = weight.checked_add(*sums.get(last)?)?;
        end &= last;
    }
    Some(weight)
}

/// Returns the seat that holds unit `target` when the weights of all seats are laid out in order.
/// Returns None when the target is not below their sum.
pub fn select(sums: &Sums, target: u64) -> Option<u16> {
    if target >= *sums.last()? {
        return None;
    }
    let mut rest = target;
    let mut start = 0usize;
    let mut span = SEATS;
    while span > 1 {
        span >>= 1;
        // `start` is a multiple of twice the span, so that this only sets a bit
        let sum = *sums.get((start | span).checked_sub(1)?)?;
        if rest >= sum {
            rest = rest.checked_sub(sum)?;
            start |= span;
        }
    }
    u16::try_from(start).ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn weights() -> Vec<u64> {
        (0..SEATS as u64).map(|i| if i % 7 == 3 { 0 } else { i * i % 101 + 1 }).collect()
    }

    fn tree(weights: &[u64]) -> Box<Sums> {
        let mut sums = Box::new([0; SEATS]);
        for (seat, weight) in weights.iter().enumerate() {
            assert_eq!(set(&mut sums, seat as u16, *weight), Some(0));
        }
        sums
    }

    #[test]
    fn weights_are_read_back_and_replaced() {
        let expected = weights();
        let mut sums = tree(&expected);
        for (seat, expected) in expected.iter().enumerate() {
            assert_eq!(weight(&sums, seat as u16), Some(*expected));
        }
        assert_eq!(sums[SEATS - 1], expected.iter().sum::<u64>());
        assert_eq!(set(&mut sums, 500, 9), Some(expected[500]));
        assert_eq!(weight(&sums, 500), Some(9));
        assert_eq!(weight(&sums, SEATS as u16), None);
        assert_eq!(set(&mut sums, SEATS as u16, 1), None);
        assert_eq!(set(&mut sums, 0, u64::MAX), None);
    }

    #[test]
    fn selection_matches_a_linear_walk() {
        let weights = weights();
        let sums = tree(&weights);
        let mut target = 0u64;
        for (seat, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            assert_eq!(weight_before(&sums, seat as u16), Some(target));
            assert_eq!(select(&sums, target), Some(seat as u16));
            target += weight;
            assert_eq!(select(&sums, target - 1), Some(seat as u16));
        }
        assert_eq!(select(&sums, target), None);
    }

    #[test]
    fn an_empty_tree_selects_nobody() {
        assert_eq!(select(&[0; SEATS], 0), None);
    }
}
