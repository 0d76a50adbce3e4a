"""Compares a kernel with its NumPy twin."""

from collections.abc import Mapping, Sequence

import numpy as np

from kernels.floating.definition import Array, Bound, Call, Kernel, Role, Tuning
from kernels.floating.runner import FloatRunner


class Mismatch(AssertionError):  # noqa: N818
    """An output differs from the twin's by more than the manifest's tolerance."""


def draw_inputs(
    kernel: Kernel, dimensions: Mapping[str, int], random: np.random.Generator
) -> list[Array]:
    """Returns standard normal arrays of these dimensions, with magnitudes for positive bindings."""
    arrays = []
    for binding in kernel.of_role(Role.INPUT, Role.STATE):
        shape = binding.shape(dimensions)
        assert binding.dtype is not None
        values: Array = random.standard_normal(shape, np.float32)
        if binding.dtype.kind == "c":
            values = values + 1j * random.standard_normal(shape, np.float32)
        arrays.append((np.abs(values) if binding.positive else values).astype(binding.dtype))
    return arrays


def drawn_axes(kernel: Kernel) -> dict[str, Bound]:
    """Returns the bound of each dimension that a caller chooses."""
    taken = kernel.of_role(Role.INPUT, Role.STATE)
    names = dict.fromkeys(axis for binding in taken for axis in binding.axes)
    return {name: kernel.bounds.get(name, Bound()) for name in names}


def expected(kernel: Kernel, call: Call) -> list[Array]:
    """Returns the twin's states and outputs, computed in double precision from the same inputs."""
    _, settings = kernel.resolve(call)
    wide = [
        array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
        for array in call.inputs
    ]
    return list(kernel.twin.evaluate(wide, settings))


def check(
    runner: FloatRunner,
    kernel: Kernel,
    call: Call,
    tuning: Tuning | None = None,
    *,
    naive: bool = False,
) -> None:
    """Runs a call and raises Mismatch unless every output is within tolerance of the twin's.

    Also raises what `FloatRunner.run` raises.
    """
    found = runner.run(kernel, call, tuning, naive=naive)
    compare(kernel, expected(kernel, call), found)


def compare(kernel: Kernel, twins: Sequence[Array], found: Sequence[Array]) -> None:
    """Raises Mismatch unless every element is within the manifest's tolerance."""
    tolerance = kernel.tolerance
    for binding, ours, theirs in zip(
        kernel.of_role(Role.STATE, Role.OUTPUT), twins, found, strict=True
    ):
        if ours.shape != theirs.shape:
            raise Mismatch(f"{kernel.name}: {binding.name} is {theirs.shape}, not {ours.shape}")
        room = tolerance.absolute + tolerance.relative * np.abs(ours)
        wrong = ~(np.abs(theirs - ours) <= room)
        if wrong.any():
            at = tuple(int(axis[0]) for axis in np.nonzero(wrong))
            raise Mismatch(
                f"{kernel.name}: {binding.name}{list(at)} is {theirs[at]}, not {ours[at]}"
            )
