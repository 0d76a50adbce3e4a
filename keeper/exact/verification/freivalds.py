"""Freivalds' check modulo p = 2^61 - 1 of many operators that are linear in their input, at once.

A matrix product C = A·Bᵀ + bias is right only if C·t = A·(Bᵀ·t) + bias·t for a random vector t; a
convolution likewise, with t over its output channels or with a random combination of its images.
Each operator draws a vector of its own, and the differences of both sides are added into one vector
of sums, which must be zero modulo p in the end (Freivalds 1977, batched by Schwartz-Zippel in
degree one). A batched matrix product counts as so many operators.

Soundness. Let D be the difference between an operator's output and the right one over the
integers. Its elements stay below p in absolute value, so one that is not zero is not zero modulo p.
Let operator j have such an element, d. It is a coefficient of some coordinate of the sums, which is
    d·t_i + (terms without t_i),
where t_i belongs to j alone, is uniform below p, and is drawn independently of everything else.
Whatever the rest is, exactly one of the p values of t_i makes the coordinate zero. So a fold with
any wrong operator passes with probability at most 1/p = 1/(2^61 - 1) < 2^-60. There is no second
random factor: in s·C·t the degree would be two, and the bound 2/p passes 2^-60.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from keeper.exact.verification import field
from keeper.exact.verification.cost import CheckCost
from keeper.exact.verification.field import PRIME, Elements, Integers, Randomness, Sums, limbs
from kernels.graph import Descriptor, LinearForm, Window, operator_of
from kernels.trace import Shape
from kernels.trace.layout import Array

PATCH_ELEMENTS = 1 << 18


class Fold:
    """One check of many operators; its vectors must be drawn after the outputs were committed."""

    def __init__(self, longest: int, randomness: Randomness, cost: CheckCost) -> None:
        """`longest` is the largest `fold_length` of the operators to come."""
        self._sums = Sums(1, longest)
        self._randomness = randomness
        self._cost = cost

    def add(self, descriptor: Descriptor, reads: Sequence[Array], out: Array) -> None:
        """Adds a linear operator: its operands and its output, in the descriptor's shapes."""
        if _is_matrix_product(descriptor):
            self.add_matmul(reads, out)
        elif batch_macs(descriptor) <= channel_macs(descriptor):
            self.add_convolution_by_batch(descriptor, reads, out)
        else:
            self.add_convolution_by_channel(descriptor, reads, out)

    def holds(self) -> bool:
        """Returns whether both sides of everything that was added agree."""
        return not self._sums.elements().any()

    def add_matmul(self, reads: Sequence[Array], out: Array) -> None:
        """Adds C·t - A·(Bᵀ·t) - bias·t, one coordinate per row of C.

        The products of a batch are operators of their own, each with its own t, at the same
        coordinates.
        """
        b = reads[1].reshape(-1, *reads[1].shape[2:])
        a, products = (array.reshape(len(b), -1, array.shape[3]) for array in (reads[0], out))
        for left, right, product in zip(a, b, products, strict=True):
            vector = self._vector(right.shape[0])
            self._sums.add(limbs(vector), product.T, self._cost)
            self._sums.add(-limbs(field.multiply(vector, right, self._cost)), left.T, self._cost)
            self._subtract_bias(vector, reads, left.shape[0])

    def add_convolution_by_batch(
        self, descriptor: Descriptor, reads: Sequence[Array], out: Array
    ) -> None:
        """Adds s·out minus the convolution of s·x, one coordinate per element of an image's output.

        A convolution is linear once the zero point is subtracted, so that one image stands for the
        batch.
        """
        x, w = reads[:2]
        images, channels = x.shape[0], out.shape[3]
        weights = self._vector(images)
        sum_of_weights = field.total(weights)
        image = field.multiply(weights, x.reshape(images, -1), self._cost)
        zero = np.uint64(-descriptor.zero_point_in * sum_of_weights % PRIME)
        pad = (descriptor.pad_value - descriptor.zero_point_in) * sum_of_weights % PRIME
        padded = _pad(field.reduce(image + zero).reshape(1, *x.shape[1:]), descriptor.window, pad)
        patches = _patches(padded, descriptor.window, descriptor.output_shape)
        expected = field.multiply(patches, w.reshape(channels, -1).T, self._cost)
        if len(reads) == 3:
            scale = np.array([[sum_of_weights]], np.uint64)
            bias = field.multiply(scale, reads[2].reshape(1, -1), self._cost)
            expected = field.reduce(expected + bias)
        self._sums.add(limbs(weights), out.reshape(images, -1), self._cost)
        self._sums.subtract(expected.reshape(1, -1))

    def add_convolution_by_channel(
        self, descriptor: Descriptor, reads: Sequence[Array], out: Array
    ) -> None:
        """Adds out·t minus the convolution with one filter t·w, a coordinate per position."""
        x, w = reads[:2]
        channels = out.shape[3]
        vector = self._vector(channels)
        kernel = -limbs(field.multiply(vector, w.reshape(channels, -1), self._cost))
        self._sums.add(limbs(vector), out.reshape(-1, channels).T, self._cost)
        window, pad = descriptor.window, descriptor.pad_value - descriptor.zero_point_in
        positions = prod(descriptor.output_shape[1:3])
        step = max(1, PATCH_ELEMENTS // (positions * kernel.shape[1]))
        for at in range(0, x.shape[0], step):
            images = x[at : at + step].astype(np.int16) - np.int16(descriptor.zero_point_in)
            patches = _patches(_pad(images, window, pad), window, descriptor.output_shape)
            self._sums.add(kernel, patches.T, self._cost, first=at * positions)
        self._subtract_bias(vector, reads, x.shape[0] * positions)

    def _vector(self, count: int) -> Elements:
        return self._randomness(count)[np.newaxis]

    def _subtract_bias(self, vector: Elements, reads: Sequence[Array], length: int) -> None:
        if len(reads) == 3:
            column = reads[2].reshape(-1, 1)
            offset = field.multiply(vector, column, self._cost)
            self._sums.subtract(np.broadcast_to(offset, (1, length)))


def fold_length(descriptor: Descriptor) -> int:
    """Returns the number of coordinates that an operator takes in a fold."""
    output = descriptor.output_shape
    if _is_matrix_product(descriptor):
        return prod(output[:3]) // _products(descriptor)
    if batch_macs(descriptor) <= channel_macs(descriptor):
        return prod(output[1:])
    return prod(output[:3])


def fold_macs(descriptor: Descriptor) -> int:
    """Returns an upper bound of the multiply-adds that adding an operator takes."""
    if _is_matrix_product(descriptor):
        return matmul_macs(descriptor)
    return min(batch_macs(descriptor), channel_macs(descriptor))


def matmul_macs(descriptor: Descriptor) -> int:
    """Returns an upper bound of what `add_matmul` multiplies."""
    m, k = fold_length(descriptor), descriptor.input_shapes[0][3]
    n = descriptor.output_shape[3]
    each = field.limb_products(1, m, k + n) + field.limb_products(1, n, k + 1)
    return _products(descriptor) * each


def batch_macs(descriptor: Descriptor) -> int:
    """Returns an upper bound of what `add_convolution_by_batch` multiplies."""
    shape, output = descriptor.input_shapes[0], descriptor.output_shape
    return (
        field.limb_products(1, shape[0], prod(shape[1:]) + prod(output[1:]))
        + field.limb_products(output[1] * output[2], _taps(descriptor), output[3])
        + field.limb_products(1, 1, output[3])
    )


def channel_macs(descriptor: Descriptor) -> int:
    """Returns an upper bound of what `add_convolution_by_channel` multiplies."""
    output = descriptor.output_shape
    taps, positions = _taps(descriptor), prod(output[:3])
    return field.limb_products(1, output[3], taps + positions + 1) + field.limb_products(
        1, taps, positions
    )


def _is_matrix_product(descriptor: Descriptor) -> bool:
    """Returns whether the operator has this form rather than a convolution's.

    Raises ValueError when Freivalds' check does not apply to it.
    """
    operator = operator_of(descriptor)
    match operator.linear_form:
        case LinearForm.MATRIX_PRODUCT:
            return True
        case LinearForm.CONVOLUTION:
            return False
        case None:
            raise ValueError(f"the output of {operator.name} is not linear in its first input")


def _products(descriptor: Descriptor) -> int:
    """Returns the number of independent products: the batch that B has, or one."""
    return prod(descriptor.input_shapes[1][:2])


def _taps(descriptor: Descriptor) -> int:
    return prod(descriptor.window.kernel) * descriptor.input_shapes[0][3]


def _pad(images: Integers, window: Window, value: int) -> Integers:
    top, left, bottom, right = window.padding
    return np.pad(images, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value)


def _patches(padded: Integers, window: Window, output: Shape) -> Integers:
    """Returns the inputs that each output position meets, as [N * P * Q, kh * kw * C]."""
    (stride_h, stride_w), (dilation_h, dilation_w) = window.stride, window.dilation
    _, height, width, _ = output
    taps = [
        padded[
            :,
            tap_h * dilation_h : tap_h * dilation_h + (height - 1) * stride_h + 1 : stride_h,
            tap_w * dilation_w : tap_w * dilation_w + (width - 1) * stride_w + 1 : stride_w,
        ]
        for tap_h in range(window.kernel[0])
        for tap_w in range(window.kernel[1])
    ]
    return np.stack(taps, axis=3).reshape(padded.shape[0] * height * width, -1)
