//! Tests of operators over a whole row, and of requantisation.

use super::*;
use Dtype::{Int32, Int8};

#[test]
fn a_sum_wraps_and_leaves_padding_out() {
    for dtype in [Int8, Int32] {
        let x = [Tensor::pattern([2, 2, 3, 5], dtype)];
        Case::new(Opcode::ReduceSum, ([2, 2, 3, 1], Int32), 5, &x, &[])
            .follows(|tensors, [n, h, w, _]| (0..5).map(|c| tensors[0].at([n, h, w, c])).sum());
    }
    let x = [Tensor::new([1, 1, 1, 3], Int32, [i32::MAX, 2, i32::MIN])];
    let case = Case::new(Opcode::ReduceSum, ([1, 1, 1, 1], Int32), 3, &x, &[]);
    assert_eq!(case.element([0; 4]), Ok(1));
}

#[test]
fn a_requantised_int32_is_clamped_to_its_own_range() {
    let x = [Tensor::new([1, 1, 1, 5], Int32, [i32::MIN, -3, 0, 3, i32::MAX])];
    let fields = |multiplier, shift, low, high| {
        [(132, -128), (136, low), (140, high), (144, multiplier), (148, shift)]
    };
    let requantised = |multiplier, shift, low, high| {
        let fields = fields(multiplier, shift, low, high);
        let case = Case::new(Opcode::Requantise, ([1, 1, 1, 5], Int32), 1, &x, &fields);
        [0, 1, 2, 3, 4].map(|column| case.element([0, 0, 0, column]).unwrap())
    };
    let widest = requantised(i32::MAX, 1, i32::MIN, i32::MAX);
    assert_eq!(widest, [i32::MIN, i32::MIN, -128, i32::MAX, i32::MAX]);
    assert_eq!(
        requantised(1, 1, i32::MIN, i32::MAX),
        [-(1 << 30) - 128, -129, -128, -126, (1 << 30) - 128,]
    );
    assert_eq!(requantised(2, 1, -130, 1_000), [-130, -130, -128, -125, 1_000]);
}

/// The formula of kernels/README.md, written without regard for speed.
fn softmax(values: &[i32], column: usize, multiplier: u64, shift: u32) -> i32 {
    let largest = i64::from(*values.iter().max().unwrap());
    let weights: Vec<u64> = values
        .iter()
        .map(|x| {
            let distance = (largest - i64::from(*x)) as u64;
            let t = ((distance * multiplier) >> shift).min(32_767);
            let (z, f) = (t / 1_024, t % 1_024);
            let inner = 45_341 - ((f * (15_200 - ((f * 2_632) >> 10))) >> 10);
            (65_536 - ((f * inner) >> 10)) >> z
        })
        .collect();
    let sum: u64 = weights.iter().sum();
    (((256 * weights[column] + sum / 2) / sum) as i32 - 128).min(127)
}

#[test]
fn a_softmax_leaves_padding_out() {
    for dtype in [Int8, Int32] {
        let x = [Tensor::pattern([2, 1, 3, 5], dtype)];
        let fields = [(144, 1_477), (148, 4)];
        Case::new(Opcode::Softmax, ([2, 1, 3, 5], Int8), 1, &x, &fields).follows(
            |tensors, [n, _, w, c]| {
                let row = &tensors[0].values[(n * 3 + w) as usize * 5..][..5];
                softmax(row, c as usize, 1_477, 4)
            },
        );
    }
}

#[test]
fn a_softmax_bears_the_widest_distances() {
    let values = [i32::MIN, i32::MIN + 1, -1, 0, i32::MAX - 1, i32::MAX];
    let x = [Tensor::new([1, 1, 1, 6], Int32, values)];
    for (multiplier, shift) in [(1, 1), (1, 62), (i32::MAX, 1), (i32::MAX, 62), (i32::MAX, 51)] {
        let fields = [(144, multiplier), (148, shift)];
        Case::new(Opcode::Softmax, ([1, 1, 1, 6], Int8), 1, &x, &fields).follows(
            |tensors, [_, _, _, c]| {
                softmax(&tensors[0].values, c as usize, multiplier as u64, shift as u32)
            },
        );
    }
}

/// The formula of kernels/README.md, computed in 128 bits.
fn layer_norm(values: &[i32], column: usize, [gamma, beta]: [i32; 2], shift: u32) -> i32 {
    let clamped: Vec<i128> = values.iter().map(|x| i128::from(*x).clamp(-32_768, 32_767)).collect();
    let count = clamped.len() as i128;
    let mean = (clamped.iter().sum::<i128>() + count / 2).div_euclid(count);
    let squares: i128 = clamped.iter().map(|x| (x - mean) * (x - mean)).sum();
    let mut n = 0;
    if squares != 0 {
        let root = (squares << 16).isqrt().max(1);
        n = ((clamped[column] - mean) * ((1 << 39) / root) + (1 << 10)).div_euclid(1 << 11);
    }
    let scaled = (n * i128::from(gamma) + (1 << (shift - 1))).div_euclid(1 << shift);
    (scaled + i128::from(beta)) as i32
}

#[test]
fn a_normalised_row_has_its_channel_s_gamma_and_beta() {
    let rows = [
        [1, -2, 3, -4, 1_000],
        [7; 5],
        [i32::MIN, 0, 0, 0, i32::MAX],
        [40_000, 32_767, 32_766, -5, -99_999],
    ];
    let pairs =
        [[1 << 20, 5], [-(1 << 20), i32::MAX], [i32::MAX, i32::MAX], [i32::MIN, i32::MIN], [0, -7]];
    let tensors = [
        Tensor::new([2, 1, 2, 5], Int32, rows.concat()),
        Tensor::new([1, 1, 5, 2], Int32, pairs.concat()),
    ];
    for shift in [1, 20, 21, 40, 62] {
        let fields = [(148, shift)];
        let case = Case::new(Opcode::LayerNorm, ([2, 1, 2, 5], Int32), 1, &tensors, &fields);
        case.follows(|_, [n, _, w, c]| {
            let row = &rows[(n * 2 + w) as usize];
            layer_norm(row, c as usize, pairs[c as usize], shift as u32)
        });
        let flat = [0, 1, 2, 3, 4].map(|column| case.element([0, 0, 1, column]).unwrap());
        assert_eq!(flat, pairs.map(|[_, beta]| beta));
    }
}
