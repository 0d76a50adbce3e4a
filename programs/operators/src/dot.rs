/// The sign bit of every byte: int8 x plus 128 is x with that bit flipped.
const SIGNS: u64 = 0x8080_8080_8080_8080;
/// The lowest byte of each 32-bit half.
const LANES: u64 = 0x0000_00FF_0000_00FF;
const ONES: u64 = 0x0000_0001_0000_0001;

/// Returns the sum of (a - offset) * b over int8 a and b, for an int8 offset and at most 4,096
/// pairs.
///
/// One 64-bit multiplication computes two products: with p = a[i] + a[i+4] * 2^32 and q = b[i+4] +
/// b[i] * 2^32, the upper half of p * q is a[i] * b[i] + a[i+4] * b[i+4] once the product in the
/// lower half is subtracted, whose magnitude stays below 2^31 even when summed.
pub fn dot(a: &[u8], b: &[u8], offset: i32) -> i64 {
    let (a_words, a_rest) = a.as_chunks::<8>();
    let (b_words, b_rest) = b.as_chunks::<8>();
    let a_bias = ONES.wrapping_mul(i64::from(offset).wrapping_add(128).cast_unsigned());
    let b_bias = ONES.wrapping_mul(128);
    let mut halves = 0u64;
    for (a, b) in a_words.iter().zip(b_words) {
        let a = u64::from_le_bytes(*a) ^ SIGNS;
        // the other byte order puts b[i] opposite a[i+4]
        let b = u64::from_be_bytes(*b) ^ SIGNS;
        for shift in [0, 8, 16, 24] {
            let p = ((a >> shift) & LANES).wrapping_sub(a_bias);
            let q = ((b >> (24 ^ shift)) & LANES).wrapping_sub(b_bias);
            halves = halves.wrapping_add(p.wrapping_mul(q));
        }
    }
    let sum = halves.cast_signed();
    let lower = i64::from(sum as i32);
    let offset = i64::from(offset);
    a_rest.iter().zip(b_rest).fold(sum.wrapping_sub(lower) >> 32, |sum, (a, b)| {
        let (a, b) = (i64::from(a.cast_signed()), i64::from(b.cast_signed()));
        sum.wrapping_add(a.wrapping_sub(offset).wrapping_mul(b))
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::dot;

    fn plainly(a: &[i8], b: &[i8], offset: i32) -> i64 {
        a.iter().zip(b).map(|(a, b)| (i64::from(*a) - i64::from(offset)) * i64::from(*b)).sum()
    }

    fn bytes(values: &[i8]) -> Vec<u8> {
        values.iter().map(|value| value.cast_unsigned()).collect()
    }

    #[test]
    fn every_pair_of_int8_has_its_product_in_every_lane() {
        for a in i8::MIN..=i8::MAX {
            for b in i8::MIN..=i8::MAX {
                for lane in 0..9 {
                    let (mut left, mut right) = ([3i8; 9], [-5i8; 9]);
                    (left[lane], right[lane]) = (a, b);
                    assert_eq!(dot(&bytes(&left), &bytes(&right), 0), plainly(&left, &right, 0));
                }
            }
        }
    }

    #[test]
    fn no_sum_of_extremes_overflows() {
        for length in [0, 1, 7, 8, 4_095, 4_096] {
            for a in [i8::MIN, -1, 0, i8::MAX] {
                for b in [i8::MIN, -1, 0, i8::MAX] {
                    for offset in [-128, -1, 0, 127] {
                        let (left, right) = (vec![a; length], vec![b; length]);
                        let expected = plainly(&left, &right, offset);
                        assert_eq!(dot(&bytes(&left), &bytes(&right), offset), expected);
                    }
                }
            }
        }
    }
}
