"""The speed of every kernel next to its naive twin, NumPy and the adapter's own copy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Protocol

import numpy as np

from keeper.lab.bench.operators import OPERATORS, OperatorSubject
from kernels.floating import Call, FloatRunner, Kernel, library
from kernels.floating.conformance import compare, draw_inputs, expected
from kernels.floating.definition import Work
from kernels.runtime import Adapter
from kernels.runtime.dispatch_cost import measure_dispatch_cost
from kernels.runtime.pipelines import Pipelines
from kernels.tuning import Tuner

COPY = "copy_f32"
ROUNDS = 5
# A twin that has taken longer than this in total is not run again.
TWIN_SECONDS = 0.5
DISPATCH_LIMIT_MICROSECONDS = 20.0
NAIVE_TARGETS = {"matmul_f32": 8.0, "matmul_int8": 8.0}
COPY_TARGETS = {"reduction_sum_f32": 0.6, "reduction_max_f32": 0.6, "softmax_f32": 0.6}
TARGET_SIZE = 1024


class Subject(Protocol):
    """A kernel with data on the device."""

    work: Work

    def tuned(self) -> float:
        """Runs the kernel once and returns the seconds it took."""

    def naive(self) -> float:
        """Runs the naive twin once and returns the seconds it took."""

    def numpy(self) -> float:
        """Returns the seconds that the NumPy twin takes on the same arrays."""

    def check(self) -> None:
        """Raises AssertionError unless the kernel and its twins agree."""

    def release(self) -> None:
        """Frees the memory on the device."""


@dataclass(frozen=True, slots=True)
class KernelFigures:
    """Medians of interleaved rounds; a ratio above one means that the kernel is faster."""

    gflops: float | None
    gbps: float | None
    vs_naive: float
    vs_numpy: float
    vs_copy: float | None


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that one figure must meet."""

    name: str
    value: float
    bound: float
    met: bool


@dataclass(frozen=True, slots=True)
class KernelReport:
    """The figures of one run on one adapter."""

    adapter: str
    size: int
    kernels: Mapping[str, KernelFigures]
    unsupported: Mapping[str, str]
    dispatch_microseconds: float
    dispatch_completed_microseconds: float
    targets: Sequence[Target]


class FloatSubject:
    """A kernel of the float library at its example."""

    def __init__(self, runner: FloatRunner, kernel: Kernel, size: int, tuner: Tuner) -> None:
        random = np.random.default_rng(size)
        dimensions = kernel.twin.example(size, kernel.element_bytes)
        call = Call(draw_inputs(kernel, dimensions, random))
        resolved, self._settings = kernel.resolve(call)
        self._kernel, self._call, self._runner = kernel, call, runner
        self.work = kernel.twin.work(resolved, kernel.element_bytes)
        self._tuning = runner.tune(kernel, call, tuner)
        runner.release()
        self._prepared = runner.prepare(kernel, call, self._tuning)
        self._twin = runner.prepare(kernel, call, naive=True)
        for prepared in (self._prepared, self._twin):
            prepared.write(call.inputs)

    def tuned(self) -> float:
        """Runs the kernel once and returns the seconds it took."""
        return self._prepared.seconds()

    def naive(self) -> float:
        """Runs the naive twin once and returns the seconds it took."""
        return self._twin.seconds()

    def numpy(self) -> float:
        """Returns the seconds in single precision, conversions of float16 included."""
        started = perf_counter()
        half = [array.dtype == np.float16 for array in self._call.inputs]
        wide = [
            array.astype(np.float32) if each else array
            for array, each in zip(self._call.inputs, half, strict=True)
        ]
        found = self._kernel.twin.evaluate(wide, self._settings)
        if any(half):
            found = [array.astype(np.float16) for array in found]
        return perf_counter() - started

    def check(self) -> None:
        """Compares kernel and naive twin with the NumPy twin in double precision."""
        twins = expected(self._kernel, self._call)
        for prepared in (self._prepared, self._twin):
            prepared.submit()
            compare(self._kernel, twins, prepared.read())

    def release(self) -> None:
        """Frees the memory on the device."""
        self._runner.release()


def names(kernels: Mapping[str, Kernel] | None = None) -> list[str]:
    """Returns every kernel, float kernels first; those of the library unless others are given."""
    return [*(library() if kernels is None else kernels), *OPERATORS]


def measure_kernels(
    adapter: Adapter,
    size: int,
    only: Iterable[str],
    say: Callable[[str, int, int], None],
    kernels: Mapping[str, Kernel] | None = None,
) -> KernelReport:
    """Measures the named kernels, or all; calls `say` with name, number and count of each.

    Float kernels are those of the library unless others, the copy among them, are given.

    Raises DeviceLimit, DeviceLost, and Mismatch when a kernel computes something else.
    """
    kernels = library() if kernels is None else kernels
    wanted, every = set(only), names(kernels)
    chosen = [name for name in every if name in wanted] if wanted else every
    runner, tuner = FloatRunner(adapter), Tuner(adapter)
    pipelines = Pipelines(
        runner.device, adapter.limits["max-compute-workgroups-per-dimension"], tuner
    )
    copy_runner = FloatRunner(adapter)
    copy = FloatSubject(copy_runner, kernels[COPY], size, tuner)
    figures: dict[str, KernelFigures] = {}
    unsupported: dict[str, str] = {}
    for number, name in enumerate(chosen):
        say(name, number, len(chosen))
        kernel = kernels.get(name)
        if kernel is not None and not runner.supports(kernel):
            unsupported[name] = kernel.features[0]
            continue
        subject: Subject = (
            OperatorSubject(runner.device, pipelines, OPERATORS[name](size))
            if kernel is None
            else FloatSubject(runner, kernel, size, tuner)
        )
        figures[name] = _measured(subject, copy)
        subject.release()
    copy_runner.release()
    cost = measure_dispatch_cost(adapter)
    dispatch = 1e6 * cost.issued
    return KernelReport(
        adapter=adapter.name,
        size=size,
        kernels=figures,
        unsupported=unsupported,
        dispatch_microseconds=dispatch,
        dispatch_completed_microseconds=1e6 * cost.completed,
        targets=judge(figures, dispatch, size),
    )


def _measured(subject: Subject, copy: FloatSubject) -> KernelFigures:
    """Each round runs the kernel and its twins in turn, so that other load slows all of them."""
    subject.check()
    tuned: list[float] = []
    others: dict[str, list[float]] = {"naive": [], "numpy": [], "copy": []}
    runs = {"naive": subject.naive, "numpy": subject.numpy, "copy": copy.tuned}
    for _ in range(ROUNDS):
        tuned.append(subject.tuned())
        for name, run in runs.items():
            if sum(others[name]) < TWIN_SECONDS:
                others[name].append(run())
    ratios = {
        name: median(other / own for other, own in zip(seconds, tuned, strict=False))
        for name, seconds in others.items()
    }
    work, seconds = subject.work, median(tuned)
    moved = work.bytes / copy.work.bytes
    return KernelFigures(
        gflops=work.flops / seconds / 1e9 if work.flops else None,
        gbps=work.bytes / seconds / 1e9 if work.bytes else None,
        vs_naive=ratios["naive"],
        vs_numpy=ratios["numpy"],
        vs_copy=moved * ratios["copy"] if moved else None,
    )


def judge(figures: Mapping[str, KernelFigures], dispatch: float, size: int) -> list[Target]:
    """Those of the kernels that were measured; speeds are promised at 1,024 only."""
    targets = [
        Target(
            "microseconds a dispatch",
            dispatch,
            DISPATCH_LIMIT_MICROSECONDS,
            dispatch <= DISPATCH_LIMIT_MICROSECONDS,
        )
    ]
    if size != TARGET_SIZE:
        return targets
    for name, each in figures.items():
        found = ((each.vs_naive, NAIVE_TARGETS, "naive"), (each.vs_copy, COPY_TARGETS, "copy"))
        for value, bounds, against in found:
            if value is not None and name in bounds:
                bound = bounds[name]
                targets.append(Target(f"{name} vs {against}", value, bound, value >= bound))
    return targets
