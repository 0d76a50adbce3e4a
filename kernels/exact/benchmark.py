"""What the kernel benchmark runs of an operator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kernels.descriptor import Value
from kernels.exact.operator import Draft
from kernels.trace import Array, DType

Declare = Callable[[Array], Value]
"""Adds a job input of an array's shape and dtype to the benchmark's graph and returns it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call of an operator, the job inputs in the order of their declaration, and its work.

    The work is operations where these limit the speed, otherwise bytes that have to be moved.
    """

    draft: Draft
    inputs: list[Array]
    flops: int = 0
    bytes: int = 0


class Benchmark(Protocol):
    """The module benchmark.py of an operator's folder: each operator with a naive twin has one."""

    # The name in the benchmark's report.
    NAME: str

    def case(self, size: int, declare: Declare) -> Case:
        """Returns the case for matrices or rows of about `size`; the same on every call."""


def rows_of(size: int) -> int:
    """Returns the rows of `size` elements: 8 Mi elements from 1,024 on, so 32 MiB of int32."""
    return (min(size, 1024) ** 2 << 3) // size


def random(*shape: int, dtype: DType = DType.INT8, bound: int = 128) -> Array:
    """Returns integers from -bound to bound - 1."""
    values = np.random.default_rng(shape[0]).integers(-bound, bound, shape)
    return values.astype(dtype.numpy)


def wide(size: int) -> Array:
    """Returns rows of int32."""
    return random(1, 1, rows_of(size), size, dtype=DType.INT32, bound=1 << 15)
