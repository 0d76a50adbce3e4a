//! 256 * e / (sum of e) - 128 over a row, with e = 2^(16 - distance from the largest * m / 2^(s +
//! 10)) and the power of two computed by a polynomial; kernels/README.md has the formula. Reads the
//! row.

use crate::{
    descriptor::{ensure, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    operand::Operand,
    operator::{stored_row, Footprint, Operator, SHIFTS},
    place::Place,
    reading::{input, int32s, int8s, row, row_run},
    run::Run,
};

const LAST_STEP: u64 = 32_767;
/// Log2 of the number of steps that halve the weight.
const STEPS_BITS: u32 = 10;

pub struct Softmax;

impl Operator for Softmax {
    const SIGNATURE: Signature = Signature {
        slots: [Slot::computed(SlotDtype::Input), Slot::UNUSED, Slot::UNUSED],
        dtypes: &[(Dtype::Int32, Dtype::Int8), (Dtype::Int8, Dtype::Int8)],
        rounds: true,
        parameters: Parameters { multiplier: true, shift: true, ..Parameters::NONE },
    };

    fn check_values(d: &Descriptor) -> Result<(), Fault> {
        ensure(d.multiplier >= 1 && SHIFTS.contains(&d.shift.into()), Fault::BadValue)
    }

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        Ok(d.output_shape == d.input_shapes[0])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        Ok(Footprint { bytes: stored_row(d)?, runs: 1, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        Ok(vec![row_run(d, place.row, slot)?])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let bytes = row(&input(d, 0)?, place.row, &operands[0])?;
        let scale = Scale {
            multiplier: u64::from(d.multiplier.cast_unsigned()),
            shift: u32::from(d.shift),
        };
        let share = match d.dtype_in {
            Dtype::Int8 => share(int8s(bytes), place.column, &scale),
            Dtype::Int32 => share(int32s(bytes), place.column, &scale),
        };
        share.ok_or(OperatorError::WrongLength)
    }
}

fn share(values: impl Iterator<Item = i32> + Clone, column: u64, scale: &Scale) -> Option<i32> {
    let largest = values.clone().max()?;
    let own = scale.weight(largest, values.clone().nth(column as usize)?);
    let sum = total(values, largest, *scale);
    let share = own.wrapping_mul(256).wrapping_add(sum / 2).checked_div(sum)?;
    Some((share as i32).wrapping_sub(128).min(127))
}

/// This is a separate function so that its loop has all registers to itself.
#[inline(never)]
fn total(values: impl Iterator<Item = i32>, largest: i32, scale: Scale) -> u64 {
    values.fold(0u64, |sum, x| sum.wrapping_add(scale.weight(largest, x)))
}

#[derive(Clone, Copy)]
struct Scale {
    multiplier: u64,
    shift: u32,
}

impl Scale {
    /// Returns 65,536 at a distance of 0. A distance is below 2^32 and the multiplier below 2^31.
    fn weight(self, largest: i32, x: i32) -> u64 {
        let distance = largest.wrapping_sub(x).cast_unsigned();
        let product = u64::from(distance).wrapping_mul(self.multiplier);
        let step = product.wrapping_shr(self.shift).min(LAST_STEP);
        power(step & 1_023).wrapping_shr((step >> STEPS_BITS) as u32)
    }
}

/// Returns 65,536 * 2^(-f / 1,024) to within 5, for f below 1,024.
fn power(f: u64) -> u64 {
    let cubic = 15_200u64.wrapping_sub(f.wrapping_mul(2_632) >> 10);
    let square = 45_341u64.wrapping_sub(f.wrapping_mul(cubic) >> 10);
    65_536u64.wrapping_sub(f.wrapping_mul(square) >> 10)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn shares(values: &[i32], multiplier: i32, shift: u32) -> Vec<i32> {
        let scale = Scale { multiplier: u64::from(multiplier.cast_unsigned()), shift };
        (0..values.len() as u64)
            .map(|column| share(values.iter().copied(), column, &scale).unwrap())
            .collect()
    }

    #[test]
    fn the_polynomial_stays_within_five_of_the_power() {
        for f in 0..1_024u64 {
            let exact = 65_536.0 * (-(f as f64) / 1_024.0).exp2();
            assert!((power(f) as f64 - exact).abs() <= 5.0, "{f}");
        }
    }

    #[test]
    fn a_step_of_1024_halves_the_weight() {
        // 2/3 and 1/3 of 256
        assert_eq!(shares(&[0, -1_024], 1 << 10, 10), [171 - 128, 85 - 128]);
        assert_eq!(shares(&[5; 4], 1, 1), [64 - 128; 4]);
    }

    #[test]
    fn a_row_of_one_is_clamped_to_int8() {
        for x in [i32::MIN, 0, i32::MAX] {
            assert_eq!(shares(&[x], i32::MAX, 1), [127]);
        }
    }

    #[test]
    fn the_widest_distance_and_multiplier_do_not_overflow() {
        for shift in [1, 31, 62] {
            let found = shares(&[i32::MAX, i32::MIN], i32::MAX, shift);
            // 2^32 * 2^31 / 2^62 is below 2 steps of 1,024
            let expected = if shift == 62 { [0, 0] } else { [127, -128] };
            assert_eq!(found, expected, "{shift}");
        }
    }

    #[test]
    fn the_longest_row_sums_without_overflow() {
        assert!(shares(&[7; 8_192], 1, 62).iter().all(|share| *share == -128));
    }

    #[test]
    fn shares_follow_the_exponential_function() {
        let values: Vec<i32> = (0..64).map(|i| (i * i * 37) % 251 - 125).collect();
        // with a scale of 1/16 of the input: m / 2^s = 1024 / 16 / ln 2
        let multiplier = (1_024.0 / 16.0 / 2f64.ln() * f64::from(1 << 20)).round() as i32;
        let exact: Vec<f64> = values.iter().map(|x| (f64::from(*x) / 16.0).exp()).collect();
        let sum: f64 = exact.iter().sum();
        for (share, exact) in shares(&values, multiplier, 20).into_iter().zip(exact) {
            assert!((f64::from(share + 128) - 256.0 * exact / sum).abs() <= 1.0);
        }
    }
}
