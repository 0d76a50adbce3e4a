"""The chain's fixed-point arithmetic; Q32 numbers are integers scaled by 2^32."""

from neurolov_client.bindings.job_registry import Q32_ONE

U64_MAX = (1 << 64) - 1
LN_2_Q32 = 2_977_044_472


def q32_share(numerator: int, denominator: int) -> int:
    """Returns min(1, numerator / denominator) as Q32, floored.

    Raises ZeroDivisionError for denominator 0.
    """
    return min(Q32_ONE, numerator * Q32_ONE // denominator)


def negative_ln(x: int) -> int:
    """Returns -ln((x + 1) / 2^64) as Q32 for a u64 x, bit for bit as the chain computes it.

    The binary logarithm is found bit by bit: squaring the mantissa doubles it, and a square of 2 or
    more yields a one.
    """
    n = x + 1
    if n > U64_MAX:
        return 0
    leading = 64 - n.bit_length()
    mantissa = (n << leading) >> 32
    fraction = 0
    for _ in range(32):
        mantissa = mantissa * mantissa >> 31
        bit = mantissa >> 32
        mantissa >>= bit
        fraction = fraction << 1 | bit
    negative_log2 = (leading + 1) * Q32_ONE - fraction
    return negative_log2 * LN_2_Q32 >> 32
