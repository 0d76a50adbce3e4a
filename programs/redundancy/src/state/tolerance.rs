// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use operators::descriptor::MAX_TENSOR_BYTES;

use crate::errors::RedundancyError;

protocol::codes! {
    /// Element type of an output's bytes.
    pub enum Element {
        /// Outputs agree when they are equal.
        Bytes = 0,
        F16 = 1,
        F32 = 2,
        I32 = 3,
    }
}

impl Element {
    pub fn bytes(self) -> u64 {
        match self {
            Self::Bytes => 1,
            Self::F16 => 2,
            Self::F32 | Self::I32 => 4,
        }
    }
}

/// How far apart two elements may be and still agree. Any one of these criteria suffices. Providers
/// apply them; the chain only fixes them before anybody runs the task.
#[derive(
    AnchorSerialize,
    AnchorDeserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
)]
#[repr(C)]
pub struct Tolerance {
    /// Maximum absolute difference, as the bits of an f32.
    pub absolute: u32,
    /// Maximum difference as a share of the larger magnitude, as the bits of an f32.
    pub relative: u32,
    /// Maximum difference in units in the last place: the steps between neighbouring floats.
    pub ulp: u32,
}

/// Returns whether these are the bits of a finite f32 with a clear sign bit.
fn is_distance(bits: u32) -> bool {
    bits < f32::INFINITY.to_bits()
}

/// Refuses an output that is not a whole number of elements, and a tolerance that has no meaning
/// for its type.
pub fn validate_output(output_bytes: u64, element: u8, tolerance: &Tolerance) -> Result<()> {
    let element = Element::from_code(element).ok_or(RedundancyError::UnknownElement)?;
    require!(
        (1..=MAX_TENSOR_BYTES).contains(&output_bytes)
            && output_bytes.is_multiple_of(element.bytes()),
        RedundancyError::InvalidOutput
    );
    let exact = *tolerance == Tolerance::default();
    require!(
        is_distance(tolerance.absolute)
            && is_distance(tolerance.relative)
            && (element != Element::Bytes || exact),
        RedundancyError::InvalidTolerance
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tolerance(absolute: f32, relative: f32, ulp: u32) -> Tolerance {
        Tolerance { absolute: absolute.to_bits(), relative: relative.to_bits(), ulp }
    }

    #[test]
    fn an_output_is_whole_elements() {
        let exact = Tolerance::default();
        for (element, size) in [(0, 1), (1, 2), (2, 4), (3, 4)] {
            assert!(validate_output(size, element, &exact).is_ok());
            assert!(validate_output(MAX_TENSOR_BYTES, element, &exact).is_ok());
            let beyond = MAX_TENSOR_BYTES.checked_add(size).unwrap();
            for bytes in [0, beyond] {
                let refused = validate_output(bytes, element, &exact);
                assert_eq!(refused, Err(RedundancyError::InvalidOutput.into()));
            }
        }
        for (bytes, element) in [(3, 1), (6, 2), (7, 3)] {
            let refused = validate_output(bytes, element, &exact);
            assert_eq!(refused, Err(RedundancyError::InvalidOutput.into()));
        }
        assert_eq!(validate_output(4, 4, &exact), Err(RedundancyError::UnknownElement.into()));
    }

    #[test]
    fn a_tolerance_is_finite_and_not_negative() {
        let refused = |element, tolerance| {
            validate_output(4, element, &tolerance) == Err(RedundancyError::InvalidTolerance.into())
        };
        assert!(!refused(2, tolerance(1e-5, 1e-3, 4)));
        assert!(!refused(2, tolerance(f32::MAX, 0.0, 0)));
        for bad in [f32::INFINITY, f32::NAN, -1.0, -0.0, f32::NEG_INFINITY] {
            assert!(refused(2, tolerance(bad, 0.0, 0)), "{bad}");
            assert!(refused(1, tolerance(0.0, bad, 0)), "{bad}");
        }
    }

    #[test]
    fn bytes_agree_when_they_are_equal() {
        for loose in [tolerance(1.0, 0.0, 0), tolerance(0.0, 1.0, 0), tolerance(0.0, 0.0, 1)] {
            let refused = validate_output(4, 0, &loose);
            assert_eq!(refused, Err(RedundancyError::InvalidTolerance.into()));
            assert!(validate_output(4, 3, &loose).is_ok());
        }
    }
}
