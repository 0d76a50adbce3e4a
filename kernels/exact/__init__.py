"""The exact class: integer operators, bit-equal on every adapter, one folder per operator."""

from kernels.exact.benchmark import Benchmark
from kernels.exact.element import Place, Run, UnprovableError, element_at
from kernels.exact.ending import Narrowing, bias_in, narrow
from kernels.exact.library import (
    benchmarks,
    has_linear_sums,
    input_spec,
    is_linear,
    operator_of,
    operators,
)
from kernels.exact.operator import Draft, LinearForm, Notes, Operator
from kernels.exact.rules import check, multiply_adds

__all__ = [
    "Benchmark",
    "Draft",
    "LinearForm",
    "Narrowing",
    "Notes",
    "Operator",
    "Place",
    "Run",
    "UnprovableError",
    "benchmarks",
    "bias_in",
    "check",
    "element_at",
    "has_linear_sums",
    "input_spec",
    "is_linear",
    "multiply_adds",
    "narrow",
    "operator_of",
    "operators",
]
