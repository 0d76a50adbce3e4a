"""Freivalds' check modulo 2^61 - 1 for operators that are linear in their input.

A wrong output passes with probability at most 1/p < 2^-60 (Freivalds 1977; Schwartz-Zippel). A
trace passes only if each of its wrong operators does, so the bound holds for a whole job too.
"""

from math import prod

import numpy as np

from keeper.verification import field
from keeper.verification.cost import CheckCost
from keeper.verification.field import PRIME, Elements, Integers, Randomness
from kernels.graph import Descriptor, Window
from kernels.trace import Shape

INT8_BITS = 8
INT32_BITS = 32


def matmul_holds(
    a: Integers,
    b: Integers,
    bias: Integers | None,
    out: Integers,
    *,
    randomness: Randomness,
    cost: CheckCost,
) -> bool:
    """Whether s·out = (s·a)·bᵀ + sum(s)·bias for random s over the rows.

    a int8[M, K], b int8[N, K], bias int32[N], out int32[M, N].
    """
    weights = randomness(a.shape[0])[np.newaxis]
    expected = field.multiply(field.multiply(weights, a, cost), b.T, cost)
    expected = _add_bias(expected, weights, bias, cost)
    return np.array_equal(expected, field.multiply(weights, out, cost))


def matmul_macs(descriptor: Descriptor) -> int:
    """Upper bound of what `matmul_holds` multiplies."""
    _, _, m, k = descriptor.input_shapes[0]
    n = descriptor.output_shape[3]
    return (
        field.limb_products(1, m, k, INT8_BITS)
        + field.limb_products(1, k, n, INT8_BITS)
        + field.limb_products(1, m, n, INT32_BITS)
    )


def convolution_holds_by_batch(
    descriptor: Descriptor,
    x: Integers,
    w: Integers,
    bias: Integers | None,
    out: Integers,
    *,
    randomness: Randomness,
    cost: CheckCost,
) -> bool:
    """Whether the convolution of s·x equals s·out for random s over the batch.

    x int8[N, H, W, C], w int8[O, kh, kw, C], bias int32[O], out int32[N, P, Q, O]. The
    convolution is linear once the zero point is taken off, so one image stands for the batch.
    """
    images, channels = x.shape[0], out.shape[3]
    weights = randomness(images)[np.newaxis]
    sum_of_weights = field.total(weights)
    image = field.multiply(weights, x.reshape(images, -1), cost).reshape(1, *x.shape[1:])
    zero = np.uint64(-descriptor.zero_point_in * sum_of_weights % PRIME)
    pad = (descriptor.pad_value - descriptor.zero_point_in) * sum_of_weights % PRIME
    padded = _pad(field.reduce(image + zero), descriptor.window, pad)
    patches = _patches(padded, descriptor.window, descriptor.output_shape)
    expected = field.multiply(patches, w.reshape(channels, -1).T, cost)
    expected = _add_bias(expected, weights, bias, cost)
    actual = field.multiply(weights, out.reshape(images, -1), cost)
    return np.array_equal(expected, actual.reshape(-1, channels))


def batch_macs(descriptor: Descriptor) -> int:
    """Upper bound of what `convolution_holds_by_batch` multiplies."""
    shape, output = descriptor.input_shapes[0], descriptor.output_shape
    taps = prod(descriptor.window.kernel) * shape[3]
    return (
        field.limb_products(1, shape[0], prod(shape[1:]), INT8_BITS)
        + field.limb_products(output[1] * output[2], taps, output[3], INT8_BITS)
        + field.limb_products(1, output[0], prod(output[1:]), INT32_BITS)
    )


def convolution_holds_by_channel(
    descriptor: Descriptor,
    x: Integers,
    w: Integers,
    bias: Integers | None,
    out: Integers,
    *,
    randomness: Randomness,
    cost: CheckCost,
) -> bool:
    """Whether one kernel, the sum of r·w over output channels, gives out·r at every position.

    Shapes as in `convolution_holds_by_batch`; the better choice for few images.
    """
    channels = out.shape[3]
    weights = randomness(channels)[np.newaxis]
    kernel = field.multiply(weights, w.reshape(channels, -1), cost)
    actual = field.multiply(weights, out.reshape(-1, channels).T, cost)[0]
    if bias is not None:
        offset = field.total(field.multiply(weights, bias.reshape(channels, 1), cost))
        actual = field.reduce(actual + np.uint64(-offset % PRIME))
    window, pad = descriptor.window, descriptor.pad_value - descriptor.zero_point_in
    positions = prod(descriptor.output_shape[1:3])
    step = max(1, field.BLOCK // (positions * kernel.shape[1]))
    for at in range(0, x.shape[0], step):
        images = x[at : at + step].astype(np.int16) - np.int16(descriptor.zero_point_in)
        patches = _patches(_pad(images, window, pad), window, descriptor.output_shape)
        found = actual[at * positions : (at + step) * positions]
        if not np.array_equal(field.multiply(kernel, patches.T, cost)[0], found):
            return False
    return True


def channel_macs(descriptor: Descriptor) -> int:
    """Upper bound of what `convolution_holds_by_channel` multiplies."""
    output = descriptor.output_shape
    taps = prod(descriptor.window.kernel) * descriptor.input_shapes[0][3]
    positions = prod(output[:3])
    return (
        field.limb_products(1, output[3], taps, INT8_BITS)
        + field.limb_products(1, taps, positions, INT8_BITS + 1)
        + field.limb_products(1, output[3], positions + 1, INT32_BITS)
    )


def _add_bias(
    values: Elements, weights: Elements, bias: Integers | None, cost: CheckCost
) -> Elements:
    if bias is None:
        return values
    scale = np.array([[field.total(weights)]], np.uint64)
    return field.reduce(values + field.multiply(scale, bias.reshape(1, -1), cost))


def _pad(images: Integers, window: Window, value: int) -> Integers:
    top, left, bottom, right = window.padding
    return np.pad(images, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value)


def _patches(padded: Integers, window: Window, output: Shape) -> Integers:
    """[N * P * Q, kh * kw * C]: what each output position meets."""
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
