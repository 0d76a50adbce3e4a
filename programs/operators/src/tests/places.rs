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
