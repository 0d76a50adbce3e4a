//! Tests of operators that read places other than their own.

use super::*;
use Dtype::{Int32, Int8};

#[test]
fn every_batch_has_its_own_right_side_or_all_share_one() {
    let a = Tensor::pattern([2, 3, 4, 5], Int8);
    let bias = Tensor::pattern([1, 1, 1, 3], Int32);
    for outer in [[2, 3], [1, 1]] {
        let b = Tensor::pattern([outer[0], outer[1], 3, 5], Int8);
        let tensors = [a.clone(), b, bias.clone()];
        let case = Case::new(Opcode::Matmul, ([2, 3, 4, 3], Int32), 5, &tensors, &[]);
        case.follows(|tensors, [n, h, m, column]| {
            let batch = if outer == [1, 1] { [0, 0] } else { [n, h] };
            let products = (0..5).map(|k| {
                tensors[0].at([n, h, m, k]) * tensors[1].at([batch[0], batch[1], column, k])
            });
            products.sum::<i32>() + tensors[2].at([0, 0, 0, column])
        });
    }
}

#[test]
fn a_depthwise_channel_sees_only_itself_and_the_pad_value() {
    let tensors = [
        Tensor::pattern([2, 5, 6, 3], Int8),
        Tensor::pattern([3, 3, 2, 1], Int8),
        Tensor::pattern([1, 1, 1, 3], Int32),
    ];
    // kernel 3x2, stride 2x1, dilation 1x3, padding 1, 2, 2, 0
    let fields = [
        (104, 3),
        (106, 2),
        (108, 2),
        (110, 1),
        (112, 1),
        (114, 3),
        (116, 1),
        (118, 2),
        (120, 2),
        (122, 0),
        (124, 127),
        (128, -128),
    ];
    let case = Case::new(Opcode::Depthwise, ([2, 3, 5, 3], Int32), 6, &tensors, &fields);
    case.follows(|tensors, [n, oy, ox, c]| {
        let mut sum = tensors[2].at([0, 0, 0, c]);
        for ky in 0..3 {
            for kx in 0..2 {
                let (y, x) = ((oy * 2 + ky).wrapping_sub(1), (ox + kx * 3).wrapping_sub(2));
                let inside = y < 5 && x < 6;
                let x = if inside { tensors[0].at([n, y, x, c]) } else { 127 };
                sum += (x + 128) * tensors[1].at([c, ky, kx, 0]);
            }
        }
        sum
    });
}

#[test]
fn a_term_of_size_one_counts_along_the_whole_axis() {
    for shape in [[2, 3, 2, 5], [1, 1, 1, 5], [2, 1, 2, 1], [1, 1, 1, 1], [1, 3, 1, 5]] {
        let add = [Tensor::pattern([2, 3, 2, 5], Int32), Tensor::pattern(shape, Int32)];
        let along =
            move |[n, h, w, c]: [u32; 4]| [n % shape[0], h % shape[1], w % shape[2], c % shape[3]];
        Case::new(Opcode::Add, ([2, 3, 2, 5], Int32), 1, &add, &[])
            .follows(|tensors, at| tensors[0].at(at) + tensors[1].at(along(at)));

        let factors = [Tensor::pattern([2, 3, 2, 5], Int8), Tensor::pattern(shape, Int8)];
        let zero_points = [(128, -128), (124, 127)];
        Case::new(Opcode::Multiply, ([2, 3, 2, 5], Int32), 1, &factors, &zero_points)
            .follows(|tensors, at| (tensors[0].at(at) + 128) * (tensors[1].at(along(at)) - 127));
    }
}

#[test]
fn strides_count_elements_and_no_padding() {
    for dtype in [Int8, Int32] {
        let x = [Tensor::pattern([2, 3, 4, 5], dtype)];
        // transposed, as rows, every second column, repeated
        for (out, steps, offset) in [
            ([2, 4, 5, 3], [60, 5, 1, 20], 0),
            ([1, 1, 24, 5], [0, 0, 5, 1], 0),
            ([2, 2, 4, 2], [60, 40, 5, 2], 1),
            ([7, 1, 3, 2], [0, 0, 7, 0], 105),
        ] {
            let fields: Vec<_> = steps
                .into_iter()
                .chain([offset])
                .enumerate()
                .map(|(i, v)| (56 + 4 * i, v))
                .collect();
            Case::new(Opcode::AsStrided, (out, dtype), 1, &x, &fields).follows(|tensors, at| {
                let steps =
                    at.iter().zip(steps).map(|(index, step)| *index as usize * step as usize);
                tensors[0].values[offset as usize + steps.sum::<usize>()]
            });
        }
    }
}

#[test]
fn joined_tensors_lie_side_by_side_along_any_axis() {
    for dtype in [Int8, Int32] {
        for axis in 0..4 {
            let (mut first, mut second) = ([2, 3, 2, 5], [2, 3, 2, 5]);
            (first[axis], second[axis]) = (3, 4);
            let mut out = first;
            out[axis] = 7;
            let tensors = [Tensor::pattern(first, dtype), Tensor::pattern(second, dtype)];
            let fields = [(150, axis as i32)];
            let case = Case::new(Opcode::Concat, (out, dtype), 1, &tensors, &fields);
            case.follows(|tensors, mut at| match at[axis].checked_sub(3) {
                Some(within) => {
                    at[axis] = within;
                    tensors[1].at(at)
                }
                None => tensors[0].at(at),
            });
        }
    }
}

#[test]
fn nothing_is_read_of_the_operand_without_the_element() {
    let tensors = [Tensor::pattern([1, 1, 2, 3], Int8), Tensor::pattern([1, 1, 2, 4], Int8)];
    let case = Case::new(Opcode::Concat, ([1, 1, 2, 7], Int8), 1, &tensors, &[(150, 3)]);
    let count = |column, slot| {
        let place = Place { row: 1, column };
        runs(&case.descriptor, &place, slot, &[const { Operand::EMPTY }; 3]).unwrap().len()
    };
    assert_eq!([count(2, 0), count(2, 1), count(3, 0), count(3, 1)], [1, 0, 0, 1]);
}

#[test]
fn an_index_out_of_range_reads_the_nearest_entry() {
    for dtype in [Int8, Int32] {
        let indices = [i32::MIN, -1, 0, 3, 99, 100, 101, i32::MAX];
        let tensors =
            [Tensor::new([2, 1, 4, 1], Int32, indices), Tensor::pattern([1, 1, 101, 9], dtype)];
        let case = Case::new(Opcode::Gather, ([2, 1, 4, 9], dtype), 1, &tensors, &[]);
        case.follows(|tensors, [n, _, w, c]| {
            let row = tensors[0].at([n, 0, w, 0]).clamp(0, 100) as u32;
            tensors[1].at([0, 0, row, c])
        });
    }
}

#[test]
fn an_entry_is_not_sought_before_its_index_is_known() {
    let tensors = [Tensor::new([1, 1, 1, 1], Int32, [1]), Tensor::pattern([1, 1, 3, 2], Int8)];
    let case = Case::new(Opcode::Gather, ([1, 1, 1, 2], Int8), 1, &tensors, &[]);
    let place = Place { row: 0, column: 0 };
    let unopened = [const { Operand::EMPTY }; 3];
    let refused = runs(&case.descriptor, &place, 1, &unopened);
    assert_eq!(refused, Err(OperatorError::WrongLength));
}

/// clamp(-3 + x * m / 2^s) rounded half up, with the clamp of `NARROW`.
fn rounded(x: i64, shift: i32) -> i32 {
    ((x + (1 << (shift - 1))) >> shift).saturating_sub(3).clamp(-100, 90) as i32
}

/// Zero point out -3, clamp -100..90.
const NARROW: [(usize, i32); 3] = [(132, -3), (136, -100), (140, 90)];

/// A row of bias, multiplier and shift per channel.
fn scales() -> Tensor {
    let rows = [[1_000, 1 << 30, 36], [-77, i32::MAX, 40], [i32::MAX, 1, 1]];
    Tensor::new([1, 1, 3, 3], Int32, rows.concat())
}

/// The sum with the bias of a channel, wrapped, at the channel's scale.
fn narrowed(sum: i32, channel: u32) -> i32 {
    let scales = scales();
    let [bias, multiplier, shift] = [0, 1, 2].map(|column| scales.at([0, 0, channel, column]));
    rounded(i64::from(sum.wrapping_add(bias)) * i64::from(multiplier), shift)
}

#[test]
fn a_narrow_product_is_requantised_with_its_channel_s_bias_and_scale() {
    let a = Tensor::pattern([2, 3, 4, 5], Int8);
    for outer in [[2, 3], [1, 1]] {
        let tensors = [a.clone(), Tensor::pattern([outer[0], outer[1], 3, 5], Int8), scales()];
        let case = Case::new(Opcode::Matmul, ([2, 3, 4, 3], Int8), 5, &tensors, &NARROW);
        case.follows(|tensors, [n, h, m, column]| {
            let batch = if outer == [1, 1] { [0, 0] } else { [n, h] };
            let products = (0..5).map(|k| {
                tensors[0].at([n, h, m, k]) * tensors[1].at([batch[0], batch[1], column, k])
            });
            narrowed(products.sum(), column)
        });
    }
}

#[test]
fn a_narrow_window_is_requantised_inside_and_in_the_padding() {
    let x = Tensor::pattern([1, 4, 4, 3], Int8);
    // kernel 2x2, stride 1, dilation 1, padding 1, 1, 1, 1, pad value 9, zero point 5
    let window = [(104, 2), (106, 2), (108, 1), (110, 1), (112, 1), (114, 1)];
    let padding = [(116, 1), (118, 1), (120, 1), (122, 1), (124, 9), (128, 5)];
    let fields = [&window[..], &padding, &NARROW].concat();
    let pixel = |tensors: &[Tensor], y: u32, x: u32, c| {
        let (y, x) = (y.wrapping_sub(1), x.wrapping_sub(1));
        if y < 4 && x < 4 {
            tensors[0].at([0, y, x, c]) - 5
        } else {
            4
        }
    };

    let tensors = [x.clone(), Tensor::pattern([3, 2, 2, 1], Int8), scales()];
    let depthwise = Case::new(Opcode::Depthwise, ([1, 5, 5, 3], Int8), 4, &tensors, &fields);
    depthwise.follows(|tensors, [_, oy, ox, c]| {
        let taps = [[0, 0], [0, 1], [1, 0], [1, 1]];
        let terms = taps
            .map(|[ky, kx]| pixel(tensors, oy + ky, ox + kx, c) * tensors[1].at([c, ky, kx, 0]));
        narrowed(terms.iter().sum(), c)
    });

    let tensors = [x, Tensor::pattern([3, 2, 2, 3], Int8), scales()];
    let plain = Case::new(Opcode::Convolution, ([1, 5, 5, 3], Int8), 12, &tensors, &fields);
    plain.follows(|tensors, [_, oy, ox, o]| {
        let terms = (0..12).map(|at| {
            let [ky, kx, c] = [at / 6, at / 3 % 2, at % 3];
            pixel(tensors, oy + ky, ox + kx, c) * tensors[1].at([o, ky, kx, c])
        });
        narrowed(terms.sum(), o)
    });
}

#[test]
fn a_scale_out_of_range_proves_nothing_of_a_narrow_product() {
    let a = Tensor::pattern([1, 1, 1, 4], Int8);
    let b = Tensor::pattern([1, 1, 1, 4], Int8);
    for scale in [[0, 0, 1], [0, -1, 1], [0, 1, 0], [0, 1, 63]] {
        let tensors = [a.clone(), b.clone(), Tensor::new([1, 1, 1, 3], Int32, scale)];
        let case = Case::new(Opcode::Matmul, ([1, 1, 1, 1], Int8), 4, &tensors, &NARROW);
        assert_eq!(case.element([0; 4]), Err(OperatorError::Unprovable));
    }
}

#[test]
fn narrow_terms_and_factors_are_rounded_once() {
    for shape in [[2, 3, 2, 5], [1, 1, 1, 5], [2, 1, 2, 1], [1, 1, 1, 1]] {
        let along =
            move |[n, h, w, c]: [u32; 4]| [n % shape[0], h % shape[1], w % shape[2], c % shape[3]];
        let terms = [Tensor::pattern([2, 3, 2, 5], Int8), Tensor::pattern(shape, Int8)];
        for [of_a, of_b, shift] in
            [[1 << 20, -(1 << 19), 21], [i32::MIN, i32::MAX, 33], [0, 3, 1], [1, 1, 62]]
        {
            let multipliers = Tensor::new([1, 1, 1, 2], Int32, [of_a, of_b]);
            let tensors = [&terms[..], &[multipliers]].concat();
            let fields = [&[(128, -128), (124, 127), (148, shift)][..], &NARROW].concat();
            Case::new(Opcode::Add, ([2, 3, 2, 5], Int8), 1, &tensors, &fields).follows(
                |tensors, at| {
                    let a = i64::from(tensors[0].at(at) + 128) * i64::from(of_a);
                    let b = i64::from(tensors[1].at(along(at)) - 127) * i64::from(of_b);
                    rounded(a + b, shift)
                },
            );
        }
        let fields = [&[(128, -128), (124, 127), (144, 1 << 30), (148, 38)][..], &NARROW].concat();
        Case::new(Opcode::Multiply, ([2, 3, 2, 5], Int8), 1, &terms, &fields).follows(
            |tensors, at| {
                let product = (tensors[0].at(at) + 128) * (tensors[1].at(along(at)) - 127);
                rounded(i64::from(product) << 30, 38)
            },
        );
    }
}
