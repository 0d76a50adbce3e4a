"""The definition of a float kernel: its WGSL, the manifest's contract and the Python twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernels.tuning import specialise

Array = npt.NDArray[Any]
Dimensions = Mapping[str, int]
Settings = Mapping[str, int | float]
Tuning = Mapping[str, int]

ELEMENTS = {"f32": "<f4", "f16": "<f2"}
PRELUDES = {
    "f32": "alias element = f32;\nalias element4 = vec4<f32>;\n",
    "f16": "enable f16;\nalias element = f16;\nalias element4 = vec4<f16>;\n",
}

VECTOR = 4
NAIVE_WORKGROUP = 64
# WebGPU's default for max-compute-workgroups-per-dimension, which every adapter has.
GROUPS_ACROSS = 65_535


class CallError(ValueError):
    """The arrays or settings do not fit the kernel."""


class Role(StrEnum):
    """How a binding is used; a state is read and then replaced."""

    PARAMETERS = "parameters"
    INPUT = "input"
    STATE = "state"
    SCRATCH = "scratch"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Binding:
    """One buffer; axes name its dimensions, and the last one is padded to a multiple of four."""

    name: str
    role: Role
    dtype: np.dtype[Any] | None
    axes: tuple[str, ...]
    positive: bool

    def shape(self, dimensions: Dimensions) -> tuple[int, ...]:
        """Returns the shape without padding."""
        return tuple(dimensions[axis] for axis in self.axes)


@dataclass(frozen=True, slots=True)
class Bound:
    """The values that a dimension may have."""

    low: int = 1
    high: int = 1 << 28
    power_of_two: bool = False

    def admits(self, value: int) -> bool:
        """Returns whether the dimension may have this value."""
        return self.low <= value <= self.high and not (self.power_of_two and value & (value - 1))

    def __str__(self) -> str:
        kind = "a power of two " if self.power_of_two else ""
        return f"{kind}in {self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """An element matches if |found − expected| ≤ absolute + relative · |expected|."""

    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One dispatch; stages run in order over the same bindings."""

    entry_point: str
    workgroups: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Work:
    """The work that a rate is based on: operations, or bytes that have to be moved."""

    flops: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """Arrays for the inputs and states in binding order, and settings that are not default."""

    inputs: Sequence[Array]
    settings: Settings = field(default_factory=dict)


class Twin(Protocol):
    """The functions of a folder's reference.py.

    Four more are optional. `derive(dimensions, settings)` returns further dimensions, those of
    outputs, and raises ValueError when there are none; `scratch(dimensions, tuning)` returns those
    of scratch buffers; `prepare(dimensions, settings)` returns further parameters;
    `workgroup_bytes(dimensions, tuning)` returns the bytes of workgroup memory.
    """

    def evaluate(self, inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
        """Returns states and outputs in binding order, computed in the dtype of the inputs."""

    def example(self, size: int, element_bytes: int) -> Dimensions:
        """Returns the input dimensions that the benchmark runs for a size."""

    def work(self, dimensions: Dimensions, element_bytes: int) -> Work:
        """Returns the work that the rate is based on."""

    def stages(self, dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
        """Returns the dispatches, in order."""

    def naive_invocations(self, dimensions: Dimensions) -> int:
        """Returns the number of invocations of the naive twin, which run in groups of 64."""


@dataclass(frozen=True)
class Kernel:
    """One kernel for one element type; `name` joins the folder's name and the element's."""

    name: str
    element: str
    features: tuple[str, ...]
    bindings: tuple[Binding, ...]
    bounds: Mapping[str, Bound]
    parameters: tuple[str, ...]
    constants: tuple[str, ...]
    settings: Mapping[str, tuple[int | float, ...]]
    tolerance: Tolerance
    tuning: Mapping[str, Any]
    source: str
    naive_source: str
    subgroup_source: str
    sha256: str
    twin: Twin

    @property
    def element_bytes(self) -> int:
        """Bytes per stored element."""
        return np.dtype(ELEMENTS[self.element]).itemsize

    def fixed(self, dimensions: Dimensions, tuning: Tuning) -> dict[str, int]:
        """Returns the constants of the source: the tuning, and fixed dimensions."""
        return {**tuning, **{name: dimensions[name] for name in self.constants}}

    def text(self, fixed: Mapping[str, int], subgroup_size: int = 0) -> str:
        """Returns the source to compile.

        It uses subgroup operations where LANES fit into a subgroup of this size.
        """
        fits = bool(self.subgroup_source) and fixed.get("LANES", 1) <= subgroup_size
        source = self.subgroup_source if fits else self.source
        return PRELUDES[self.element] + specialise(source, fixed)

    @property
    def naive_text(self) -> str:
        """The source of the naive twin."""
        return PRELUDES[self.element] + self.naive_source

    def of_role(self, *roles: Role) -> list[Binding]:
        """Returns the bindings with these roles, in order."""
        return [binding for binding in self.bindings if binding.role in roles]

    def workgroup_bytes(self, dimensions: Dimensions, tuning: Tuning) -> int:
        """Returns the bytes of workgroup memory that a call needs beyond the guaranteed limit."""
        found = getattr(self.twin, "workgroup_bytes", None)
        return 0 if found is None else int(found(dimensions, tuning))

    def resolve(self, call: Call) -> tuple[Dimensions, Settings]:
        """Returns every dimension and setting that a call implies, except those of the tuning.

        Raises CallError when the arrays do not fit each other or the manifest.
        """
        taken = self.of_role(Role.INPUT, Role.STATE)
        if len(call.inputs) != len(taken):
            raise CallError(f"{self.name} takes {len(taken)} arrays, not {len(call.inputs)}")
        dimensions: dict[str, int] = {}
        for binding, array in zip(taken, call.inputs, strict=True):
            self._match(binding, array, dimensions)
        for axis, value in dimensions.items():
            bound = self.bounds.get(axis, Bound())
            if not bound.admits(value):
                raise CallError(f"{self.name}: {axis} = {value} is not {bound}")
        unknown = sorted(set(call.settings) - set(self.settings))
        if unknown:
            raise CallError(f"{self.name} has no setting {unknown[0]!r}")
        settings = {name: values[0] for name, values in self.settings.items()} | dict(call.settings)
        derive = getattr(self.twin, "derive", None)
        if derive is not None:
            try:
                dimensions |= derive(dimensions, settings)
            except ValueError as error:
                raise CallError(f"{self.name}: {error}") from error
        prepare = getattr(self.twin, "prepare", None)
        return dimensions, settings | (prepare(dimensions, settings) if prepare is not None else {})

    def with_tuning(self, dimensions: Dimensions, tuning: Tuning) -> Dimensions:
        """Returns the dimensions together with those of scratch buffers."""
        scratch = getattr(self.twin, "scratch", None)
        return {**dimensions, **(scratch(dimensions, tuning) if scratch is not None else {})}

    def _match(self, binding: Binding, array: Array, dimensions: dict[str, int]) -> None:
        if array.dtype != binding.dtype:
            raise CallError(f"{self.name}: {binding.name} is {array.dtype}, not {binding.dtype}")
        if array.ndim != len(binding.axes):
            raise CallError(
                f"{self.name}: {binding.name} has {array.ndim} axes, not "
                f"[{', '.join(binding.axes)}]"
            )
        for axis, value in zip(binding.axes, array.shape, strict=True):
            known = dimensions.setdefault(axis, value)
            if known != value:
                raise CallError(f"{self.name}: {binding.name} has {axis} = {value}, not {known}")


def grid(groups: int) -> tuple[int, int, int]:
    """Returns a grid of at least this many workgroups, in two dimensions where one is too short."""
    down = -(-groups // GROUPS_ACROSS)
    return -(-groups // down), down, 1


def streamed(size: int, element_bytes: int) -> int:
    """Returns the elements of 64 MiB, more than most caches hold; fewer for sizes below 1,024."""
    return (min(size, 1024) ** 2 << 6) // element_bytes


def padded(columns: int) -> int:
    """Returns the number of elements from one row to the next."""
    return -(-columns // VECTOR) * VECTOR


def naive_stages(kernel: Kernel, dimensions: Dimensions) -> list[Stage]:
    """Returns the one dispatch of a naive twin."""
    groups = -(-kernel.twin.naive_invocations(dimensions) // NAIVE_WORKGROUP)
    return [Stage("main", grid(groups))]
