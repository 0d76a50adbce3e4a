"""Finds the exact operators: every folder with an operator.py is one."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

from kernels.codes import Opcode
from kernels.descriptor import Descriptor, TensorSpec
from kernels.exact.benchmark import Benchmark
from kernels.exact.operator import Operator
from kernels.scan import modules_named

HERE = Path(__file__).parent


@cache
def operators() -> Mapping[Opcode, Operator]:
    """Returns every operator by its opcode, in the order of the opcodes.

    Raises ValueError when a folder is not named after its opcode, or an opcode has no folder.
    """
    found: dict[Opcode, Operator] = {}
    for module in modules_named(__package__, "operator"):
        operator: Operator = module.OPERATOR
        folder = module.__name__.split(".")[-2]
        if operator.name != folder:
            raise ValueError(f"the operator {operator.name} lies in the folder {folder}")
        found[operator.opcode] = operator
    missing = [opcode.name.lower() for opcode in Opcode if opcode not in found]
    if missing:
        raise ValueError(f"no folder of kernels/exact is named {', '.join(missing)}")
    return {opcode: found[opcode] for opcode in Opcode}


@cache
def benchmarks() -> Mapping[Opcode, Benchmark]:
    """Returns the benchmark of every operator whose folder has one, in the order of the opcodes."""
    found = {
        module.__name__.split(".")[-2]: cast(Benchmark, module)
        for module in modules_named(__package__, "benchmark")
    }
    return {
        opcode: found[operator.name]
        for opcode, operator in operators().items()
        if operator.name in found
    }


def operator_of(descriptor: Descriptor) -> Operator:
    """Returns the operator that a descriptor is an instance of."""
    return operators()[descriptor.opcode]


def input_spec(descriptor: Descriptor, position: int) -> TensorSpec:
    """Returns what an operator expects as one of its inputs."""
    return operator_of(descriptor).input_spec(descriptor, position)


def has_linear_sums(descriptor: Descriptor) -> bool:
    """Returns whether Freivalds' check applies to the sums that the operator rounds to int8."""
    operator = operator_of(descriptor)
    return operator.linear_form is not None and operator.is_narrowed(descriptor)


def is_linear(descriptor: Descriptor) -> bool:
    """Returns whether Freivalds' check applies to what the operator writes."""
    operator = operator_of(descriptor)
    return operator.linear_form is not None and not operator.is_narrowed(descriptor)
