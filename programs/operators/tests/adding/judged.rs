//! Takes the operator that `main.rs` added from its descriptor to its judgement.

use operators::descriptor::{Descriptor, Dtype, Fault, Input, Opcode, DESCRIPTOR_BYTES};
use protocol::merkle::{Digest, INPUTS, LEAF_BYTES, SPEC, TENSOR, TRACE};
use referee::{judge, Claim, Judgement, RefereeError, Stage};

const VALUES: [i32; 3] = [7, -9, i32::MIN];

/// Returns a descriptor that negates a row of three int32, which is job input 0.
fn descriptor() -> [u8; DESCRIPTOR_BYTES] {
    let mut bytes = [0; DESCRIPTOR_BYTES];
    bytes[..5].copy_from_slice(&[
        1,
        Opcode::Negate as u8,
        Dtype::Int32 as u8,
        Dtype::Int32 as u8,
        1,
    ]);
    bytes[8] = 2;
    for shape in [40, 88] {
        for (axis, size) in [1u8, 1, 1, 3].into_iter().enumerate() {
            bytes[shape + 4 * axis] = size;
        }
    }
    bytes[248] = 3;
    bytes
}

/// Returns the only leaf of a row of int32.
fn leaf(values: &[i32]) -> [u8; LEAF_BYTES] {
    let mut leaf = [0; LEAF_BYTES];
    for (place, value) in leaf.chunks_exact_mut(4).zip(values) {
        place.copy_from_slice(&value.to_le_bytes());
    }
    leaf
}

/// Judges an element of a job of this one operator, whose provider committed `output`. Every tree
/// has one leaf, so no path has a sibling.
fn judged(output: &[i32], element: u32) -> Result<Judgement, RefereeError> {
    let root = |values: &[i32]| -> Digest { TENSOR.leaf(&leaf(values)) };
    let claim = Claim {
        spec_root: SPEC.leaf(&descriptor()),
        operators: 1,
        inputs_root: INPUTS.leaf(&root(&VALUES)),
        inputs: 1,
        stages: &[Stage { first: 0, last: 1, root: TRACE.leaf(&root(output)) }],
        operator: 0,
        element,
    };
    judge(&claim, &[&descriptor()[..], &leaf(output), &leaf(&VALUES)].concat())
}

#[test]
fn it_is_decoded() {
    let parsed = Descriptor::parse(&descriptor()).unwrap();
    assert_eq!(parsed.opcode, Opcode::Negate);
    assert_eq!(parsed.inputs, [Some(Input::Job(0)), None, None]);
    assert_eq!((parsed.output_shape, parsed.multiply_adds()), ([1, 1, 1, 3], 3));
}

#[test]
fn it_is_validated() {
    for (at, byte, fault) in [
        (1, Opcode::Negate as u8 + 1, Fault::UnknownOpcode),
        (2, Dtype::Int8 as u8, Fault::BadDtype),
        (4, 2, Fault::BadInputCount),
        (5, 1, Fault::BadRounding),
        (8, 1, Fault::BadInputKind),
        (100, 4, Fault::BadShape),
        (136, 1, Fault::ReservedNotZero),
        (248, 4, Fault::BadMultiplyAdds),
    ] {
        let mut bytes = descriptor();
        bytes[at] = byte;
        assert_eq!(Descriptor::parse(&bytes), Err(fault), "byte {at}");
    }
}

#[test]
fn it_is_judged() {
    let honest = VALUES.map(i32::wrapping_neg);
    for (element, value) in (0..).zip(honest) {
        let right = Judgement { expected: value, committed: value, stage: 0 };
        assert_eq!(judged(&honest, element), Ok(right));
    }
    let lie = judged(&[-7, 10, i32::MIN], 1).unwrap();
    assert_eq!(lie, Judgement { expected: 9, committed: 10, stage: 0 });
    assert!(lie.is_fraud());
}
