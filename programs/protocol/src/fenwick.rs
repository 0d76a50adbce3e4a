//! Fenwick tree of seat weights, stored as one array: element i holds the sum of the
//! `lowest set bit of i + 1` weights that end at seat i.

/// Seats a tree has room for.
pub const SEATS: usize = 1024;

pub type Sums = [u64; SEATS];

/// Weight of one seat.
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

/// Sets the weight of one seat; gives its old weight. None when the seat does not exist or a sum
/// overflows, and then some sums may have changed: the caller must fail.
pub fn set(sums: &mut Sums, seat: u16, weight_now: u64) -> Option<u64> {
    let before = weight(sums, seat)?;
    let mut index = usize::from(seat);
    while let Some(sum) = sums.get_mut(index) {
        *sum = sum.checked_sub(before)?.checked_add(weight_now)?;
        index |= index.wrapping_add(1);
    }
    Some(before)
}

/// Seat that holds unit `target` when the weights of all seats but those `excluded` are laid out
/// in order of seat. `excluded` holds each seat with its weight, as [`weight`] gives it.
/// None when the target is not below the sum of the weights that remain.
pub fn select(sums: &Sums, excluded: &[(u16, u64)], target: u64) -> Option<u16> {
    let mut rest = target;
    let mut start = 0usize;
    let mut span = SEATS;
    loop {
        let end = start.checked_add(span)?;
        let removed = excluded
            .iter()
            .filter(|(seat, _)| (start..end).contains(&usize::from(*seat)))
            .try_fold(0u64, |sum, (_, weight)| sum.checked_add(*weight))?;
        let sum = sums.get(end.checked_sub(1)?).copied().unwrap_or(0).checked_sub(removed)?;
        if span == SEATS && rest >= sum {
            return None;
        }
        if rest >= sum {
            rest = rest.checked_sub(sum)?;
            start = end;
        }
        span >>= 1;
        if span == 0 {
            return u16::try_from(start).ok();
        }
    }
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
        let excluded: Vec<_> =
            [0u16, 1, 3, 511, 512, 1023].map(|seat| (seat, weights[usize::from(seat)])).to_vec();
        let mut remaining = weights.clone();
        for (seat, _) in &excluded {
            remaining[usize::from(*seat)] = 0;
        }
        let mut target = 0u64;
        for (seat, weight) in remaining.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            assert_eq!(select(&sums, &excluded, target), Some(seat as u16));
            target += weight;
            assert_eq!(select(&sums, &excluded, target - 1), Some(seat as u16));
        }
        assert_eq!(select(&sums, &excluded, target), None);
    }

    #[test]
    fn an_empty_tree_selects_nobody() {
        assert_eq!(select(&[0; SEATS], &[], 0), None);
    }
}
