//! Fixed-point numbers: Q32 in u64, Q64 in u128. Every operation is checked and states how it
//! rounds. The caller picks the direction that does not favour the caller of the instruction.

crate::limits! {
    /// One, in basis points.
    pub const BPS: u64 = 10_000;
    /// One, as a fixed-point number with 32 fractional bits.
    pub const Q32_ONE: u64 = 1 << 32;
}
/// ln 2 in Q32, rounded to nearest.
const LN_2_Q32: u128 = 2_977_044_472;

/// Returns a * b. Two 64-bit factors never overflow 128 bits, and checking such a product is
/// expensive on chain.
pub fn widening_mul(a: u64, b: u64) -> u128 {
    u128::from(a).wrapping_mul(u128::from(b))
}

/// Returns floor(a * b / divisor), or None when the divisor is 0 or the result exceeds u64.
pub fn mul_div_floor(a: u64, b: u64, divisor: u64) -> Option<u64> {
    let product = widening_mul(a, b);
    u64::try_from(product.checked_div(u128::from(divisor))?).ok()
}

/// Returns ceil(a * b / divisor), or None when the divisor is 0 or the result exceeds u64.
pub fn mul_div_ceil(a: u64, b: u64, divisor: u64) -> Option<u64> {
    if divisor == 0 {
        return None;
    }
    let product = widening_mul(a, b);
    u64::try_from(product.div_ceil(u128::from(divisor))).ok()
}

/// Returns floor(amount * bps / 10,000).
pub fn bps_floor(amount: u64, bps: u64) -> Option<u64> {
    mul_div_floor(amount, bps, BPS)
}

/// Returns ceil(amount * bps / 10,000).
pub fn bps_ceil(amount: u64, bps: u64) -> Option<u64> {
    mul_div_ceil(amount, bps, BPS)
}

/// Returns the product of two Q32 numbers as Q32, floored.
pub fn q32_mul(a: u64, b: u64) -> Option<u64> {
    let product = widening_mul(a, b);
    u64::try_from(product >> 32).ok()
}

/// Returns numerator / denominator as Q32, floored.
pub fn q32_ratio(numerator: u64, denominator: u64) -> Option<u64> {
    mul_div_floor(numerator, Q32_ONE, denominator)
}

/// Returns min(1, numerator / denominator) as Q32, floored, or None when the denominator is 0.
pub fn q32_share(numerator: u64, denominator: u64) -> Option<u64> {
    if numerator >= denominator {
        return (denominator != 0).then_some(Q32_ONE);
    }
    q32_ratio(numerator, denominator)
}

/// Returns the integer part of a Q64 number, or None when it exceeds u64.
pub fn q64_floor(value: u128) -> Option<u64> {
    u64::try_from(value >> 64).ok()
}

/// Returns the number that two limbs store, low limb first. Accounts store limbs because compilers
/// disagree about the alignment of u128.
pub fn wide([low, high]: [u64; 2]) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// Returns the two limbs that store a number, low limb first.
pub fn limbs(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

/// Returns -ln((x + 1) / 2^64) as Q32, floored, within 2^-24 of the true value.
///
/// log2 of the mantissa is computed bit by bit: squaring doubles the logarithm, and a square of 2
/// or more gives a one bit. With 31 fractional bits, every square fits into u64.
pub fn negative_ln(x: u64) -> u64 {
    let Some(n) = x.checked_add(1) else {
        return 0;
    };
    let leading = n.leading_zeros();
    let mut mantissa = n.wrapping_shl(leading) >> 32;
    let mut fraction = 0u64;
    for _ in 0..32 {
        // below 2^32 before squaring, so the square fits
        mantissa = mantissa.wrapping_mul(mantissa) >> 31;
        let bit = mantissa >> 32;
        mantissa >>= bit;
        fraction = (fraction << 1) | bit;
    }
    // n = 2^(63 - leading) * (1 + mantissa), so -log2(n / 2^64) = leading + 1 - log2(1 + mantissa)
    let negative_log2 =
        ((u64::from(leading) << 32) | (Q32_ONE - 1)).wrapping_sub(fraction).wrapping_add(1);
    ((u128::from(negative_log2).wrapping_mul(LN_2_Q32)) >> 32) as u64
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_the_way_the_name_says() {
        assert_eq!(mul_div_floor(7, 3, 2), Some(10));
        assert_eq!(mul_div_ceil(7, 3, 2), Some(11));
        assert_eq!(mul_div_floor(6, 3, 2), mul_div_ceil(6, 3, 2));
        assert_eq!(bps_floor(3, 5_000), Some(1));
        assert_eq!(bps_ceil(3, 5_000), Some(2));
    }

    #[test]
    fn out_of_range_is_none() {
        assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX), Some(u64::MAX));
        assert_eq!(mul_div_floor(u64::MAX, 2, 1), None);
        assert_eq!(mul_div_ceil(u64::MAX, 2, 1), None);
        assert_eq!(mul_div_floor(1, 1, 0), None);
        assert_eq!(mul_div_ceil(1, 1, 0), None);
        assert_eq!(q32_mul(u64::MAX, u64::MAX), None);
        assert_eq!(q64_floor(u128::MAX), Some(u64::MAX));
    }

    #[test]
    fn limbs_hold_the_number() {
        let value = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210;
        assert_eq!(limbs(value), [0xFEDC_BA98_7654_3210, 0x0123_4567_89AB_CDEF]);
        assert_eq!(wide(limbs(value)), value);
    }

    #[test]
    fn shares_are_capped_at_one() {
        assert_eq!(q32_share(1, 2), Some(Q32_ONE / 2));
        assert_eq!(q32_share(2, 2), Some(Q32_ONE));
        assert_eq!(q32_share(u64::MAX, 1), Some(Q32_ONE));
        assert_eq!(q32_share(0, 0), None);
    }

    #[test]
    fn negative_ln_follows_the_logarithm() {
        assert_eq!(negative_ln(u64::MAX), 0);
        for x in (0..64u32).flat_map(|k| [1u64 << k, (1u64 << k) - 1, 0x9E37_79B9_7F4A_7C15 >> k]) {
            let expected = -((x as f64 + 1.0) / 2f64.powi(64)).ln();
            let actual = negative_ln(x) as f64 / 2f64.powi(32);
            assert!((actual - expected).abs() < 2f64.powi(-24), "{x}: {actual} {expected}");
        }
    }
}
