//! floor((n * gamma + 2^(s-1)) / 2^s) + beta with n = 2^20 * (x - mean) / sqrt(sum of squares), x
//! clamped to 16 bits; kernels/README.md has the formula. Reads the row, and the 8 bytes of its
//! column, which are gamma and beta.

use crate::{
    descriptor::{
        ensure, ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype,
    },
    error::OperatorError,
    operand::Operand,
    operator::{stored_row, Footprint, Operator, SHIFTS},
    place::Place,
    reading::{input, int32s, pair, row, row_run, PAIR_BYTES},
    run::Run,
};

/// The offset that makes a clamped value unsigned. Floors do not depend on it.
const OFFSET: i64 = 32_768;
const LARGEST: i64 = 32_767;

pub struct LayerNorm;

impl Operator for LayerNorm {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::constant(ConstantSlot::Channels, SlotDtype::Int32),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int32, Dtype::Int32)],
        rounds: true,
        parameters: Parameters { shift: true, ..Parameters::NONE },
    };

    fn check_values(d: &Descriptor) -> Result<(), Fault> {
        ensure(SHIFTS.contains(&d.shift.into()), Fault::BadValue)
    }

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [x, pairs, _] = &d.input_shapes;
        Ok(*pairs == [1, 1, x[3], 2] && d.output_shape == *x)
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        Ok(Footprint { bytes: stored_row(d)?.saturating_add(PAIR_BYTES), runs: 2, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        let row = if slot == 0 { place.row } else { place.column };
        Ok(vec![row_run(d, row, slot)?])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let values = int32s(row(&input(d, 0)?, place.row, &operands[0])?);
        let [gamma, beta] = pair(d, place.column, operands, 1)?;
        let n = normalised(values, place.column).ok_or(OperatorError::WrongLength)?;
        let half = 1i64.wrapping_shl(u32::from(d.shift).wrapping_sub(1));
        // |n * gamma| is below 2^52, and half is at most 2^61
        let scaled = n.wrapping_mul(gamma.into()).wrapping_add(half) >> d.shift;
        Ok(scaled.wrapping_add(beta.into()) as i32)
    }
}

/// Returns a value of at most 2^20 + 1 in magnitude. This is a separate function so that its loops
/// have all registers to themselves.
#[inline(never)]
fn normalised(values: impl Iterator<Item = i32> + Clone, column: u64) -> Option<i64> {
    let clamped = values.map(|x| i64::from(x).clamp(-OFFSET, LARGEST).wrapping_add(OFFSET));
    let (sum, count) = clamped.clone().fold((0u64, 0u64), |(sum, count), x| {
        (sum.wrapping_add(x.cast_unsigned()), count.wrapping_add(1))
    });
    let mean = sum.wrapping_add(count / 2).checked_div(count)?.cast_signed();
    let own = clamped.clone().nth(column as usize)?.wrapping_sub(mean);
    let squares = clamped.fold(0u64, |squares, x| {
        let deviation = x.wrapping_sub(mean);
        squares.wrapping_add(deviation.wrapping_mul(deviation).cast_unsigned())
    });
    // below 2^43 for 2,048 values
    let root = squares.wrapping_shl(16).isqrt();
    let inverse = (1u64 << 39).checked_div(root).unwrap_or(0);
    Some(own.wrapping_mul(inverse.cast_signed()).wrapping_add(1 << 10) >> 11)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn all(values: &[i32]) -> Vec<i64> {
        let columns = 0..values.len() as u64;
        columns.map(|column| normalised(values.iter().copied(), column).unwrap()).collect()
    }

    #[test]
    fn equal_values_normalise_to_nothing() {
        for x in [i32::MIN, -32_769, -1, 0, 32_767, i32::MAX] {
            assert_eq!(all(&[x; 5]), [0; 5]);
        }
        assert_eq!(all(&[9]), [0]);
    }

    #[test]
    fn two_values_lie_one_deviation_apart() {
        // mean 0, squares 2 * 1,000^2: 2^20 / sqrt(2)
        let [low, high] = all(&[-1_000, 1_000])[..] else { panic!() };
        assert!((high as f64 - 1_048_576.0 / 2f64.sqrt()).abs() < 20.0, "{high}");
        assert!((low + high).abs() <= 1);
    }

    #[test]
    fn the_mean_is_rounded_half_up() {
        // for 0 and 1 the mean is 1, so only the first value deviates, by the whole root
        assert_eq!(all(&[0, 1]), [-(1 << 20), 0]);
        assert_eq!(all(&[-1, 0]), [-(1 << 20), 0]);
    }

    #[test]
    fn values_beyond_16_bits_count_as_the_nearest() {
        assert_eq!(all(&[i32::MIN, 5, i32::MAX]), all(&[-32_768, 5, 32_767]));
    }

    #[test]
    fn the_longest_row_of_extremes_stays_below_the_bound() {
        let mut values = vec![i32::MIN; 2_048];
        values[0] = i32::MAX;
        assert!(all(&values).iter().all(|n| n.abs() <= (1 << 20) + 1));
        for (at, x) in values.iter_mut().enumerate() {
            *x = if at % 2 == 0 { i32::MIN } else { i32::MAX };
        }
        let n = all(&values);
        let exact = 1_048_576.0 / 2_048f64.sqrt();
        // the inverse of so large a root has 11 bits
        assert!(n.iter().all(|n| (n.abs() as f64 - exact).abs() < exact / 1_024.0));
    }
}
