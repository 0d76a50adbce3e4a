use serde_json::Value;

use protocol::merkle::{Digest, SPEC};

use super::*;
use crate::{
    descriptor::{same_bytes, Opcode},
    exact::footprint,
    recorded::{bytes, vectors},
};

fn descriptor(hex: &Value) -> [u8; DESCRIPTOR_BYTES] {
    bytes(hex).try_into().unwrap()
}

#[test]
fn recorded_descriptors_are_accepted() {
    for vector in vectors()["valid"].as_array().unwrap() {
        let raw = descriptor(&vector["hex"]);
        let parsed = Descriptor::parse(&raw).unwrap();
        assert_eq!(Some(parsed.multiply_adds()), vector["multiply_adds"].as_u64());
        let footprint = footprint(&parsed).unwrap();
        assert_eq!(Some(footprint.bytes), vector["operand_bytes"].as_u64());
        assert_eq!(Some(footprint.runs), vector["runs"].as_u64());
        assert_eq!(SPEC.leaf(&raw).to_vec(), bytes(&vector["leaf"]));
    }
}

#[test]
fn recorded_violations_are_refused_by_name() {
    for vector in vectors()["invalid"].as_array().unwrap() {
        let reason = match <[u8; DESCRIPTOR_BYTES]>::try_from(bytes(&vector["hex"])) {
            Ok(raw) => Descriptor::parse(&raw).unwrap_err(),
            Err(_) => Fault::BadLength,
        };
        assert_eq!(format!("{reason:?}"), vector["reason"].as_str().unwrap(), "{}", vector["name"]);
    }
}

#[test]
fn a_strided_read_beyond_64_bits_is_refused() {
    let vectors = vectors();
    let mut recorded =
        vectors["valid"].as_array().unwrap().iter().map(|each| descriptor(&each["hex"]));
    let mut raw = recorded.find(|raw| raw[1] == Opcode::AsStrided as u8).unwrap();
    for field in [56..72, 88..104] {
        raw[field].fill(0xFF);
        assert_eq!(Descriptor::parse(&raw), Err(Fault::BadValue));
    }
}

#[test]
fn recorded_graphs_have_their_spec_root() {
    for graph in vectors()["graphs"].as_array().unwrap() {
        let mut frontier: [Digest; 9] = [[0; 32]; 9];
        let descriptors = graph["descriptors"].as_array().unwrap();
        let mut total = 0;
        for (count, hex) in descriptors.iter().enumerate() {
            let raw = descriptor(hex);
            total += Descriptor::parse(&raw).unwrap().multiply_adds();
            SPEC.append(&mut frontier, count as u64, SPEC.leaf(&raw)).unwrap();
        }
        let root = SPEC.frontier_root(&frontier, descriptors.len() as u64).unwrap();
        assert_eq!(root.to_vec(), bytes(&graph["spec_root"]));
        assert_eq!(Some(total), graph["multiply_adds"].as_u64());
    }
}

#[test]
fn views_describe_the_same_bytes() {
    assert!(same_bytes(&[1, 2, 3, 5], &[1, 1, 6, 5], Dtype::Int8));
    assert!(same_bytes(&[1, 2, 2, 8], &[1, 1, 1, 32], Dtype::Int8));
    assert!(!same_bytes(&[1, 2, 2, 5], &[1, 1, 1, 20], Dtype::Int8));
    assert!(!same_bytes(&[1, 2, 2, 8], &[1, 1, 1, 31], Dtype::Int8));
}
