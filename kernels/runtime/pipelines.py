"""Compiled programs of one device, and the tuned constants that they are compiled with."""

from collections.abc import Sequence
from math import inf
from time import perf_counter
from typing import Any

import wgpu

from kernels.exact import operator_of
from kernels.exact.grid import Point
from kernels.graph import Descriptor
from kernels.runtime.shader import shader_of
from kernels.tuning import Tuner, specialise

SAMPLED_MULTIPLY_ADDS = 1 << 25
SHORTEST_SAMPLE_SECONDS = 2e-3


class Pipelines:
    """Compiles each program once per set of constants: what descriptor and tuning fix."""

    def __init__(self, device: Any, max_groups: int, tuner: Tuner) -> None:
        self._device = device
        self._max_groups = max_groups
        self._tuner = tuner
        self._compiled: dict[tuple[object, ...], Any] = {}

    def __len__(self) -> int:
        return len(self._compiled)

    def get(self, descriptor: Descriptor, point: Point) -> Any:
        """Returns the program of an operator at a point of its space."""
        shader = shader_of(descriptor)
        constants = {**operator_of(descriptor).constants(descriptor), **point}
        return self.compiled(shader.source, shader.entry_point, constants)

    def compiled(self, source: str, entry_point: str, constants: Point) -> Any:
        """Returns the program of a shader text with these constants."""
        key = source, entry_point, *constants.items()
        if key not in self._compiled:
            module = self._device.create_shader_module(code=specialise(source, constants))
            self._compiled[key] = self._device.create_compute_pipeline(
                layout="auto", compute={"module": module, "entry_point": entry_point}
            )
        return self._compiled[key]

    def grid(self, groups: int) -> tuple[int, int]:
        """Returns that many workgroups in two dimensions: one is too short for large tensors."""
        across = min(groups, self._max_groups)
        return across, -(-groups // across)

    def point(self, descriptor: Descriptor, bound: Sequence[Any]) -> Point:
        """Returns the constants to run an operator with.

        They are searched for where the operator's work is worth a search. The search runs on the
        bound buffers and leaves the output without meaning.
        """
        shader = shader_of(descriptor)
        least = operator_of(descriptor).tuned_from
        if least is None or descriptor.multiply_adds < least:
            return shader.space.default
        return self._tuner.best(
            shader.source,
            _shape_class(descriptor),
            shader.space,
            lambda point: self._seconds(descriptor, point, bound),
        )

    def _seconds(self, descriptor: Descriptor, point: Point, bound: Sequence[Any]) -> float:
        try:
            pipeline = self.get(descriptor, point)
        except wgpu.GPUError:
            return inf
        bindings = bind_group(self._device, pipeline, bound)
        output = bound[1]["buffer"]
        groups = operator_of(descriptor).groups(descriptor, point)
        sample = min(groups, -(-groups * SAMPLED_MULTIPLY_ADDS // descriptor.multiply_adds))
        self._timed(pipeline, bindings, sample, output)
        seconds = self._timed(pipeline, bindings, sample, output)
        if seconds < SHORTEST_SAMPLE_SECONDS:
            sample, seconds = groups, self._timed(pipeline, bindings, groups, output)
        return seconds * groups / sample

    def _timed(self, pipeline: Any, bindings: Any, groups: int, output: Any) -> float:
        started = perf_counter()
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(pipeline)
        compute.set_bind_group(0, bindings)
        compute.dispatch_workgroups(*self.grid(groups))
        compute.end()
        self._device.queue.submit([encoder.finish()])
        self._device.queue.read_buffer(output, 0, 4)
        return perf_counter() - started


def bind_group(device: Any, pipeline: Any, bound: Sequence[Any]) -> Any:
    """Returns a bind group of resources in the order of their bindings."""
    return device.create_bind_group(
        layout=pipeline.get_bind_group_layout(0),
        entries=[{"binding": at, "resource": resource} for at, resource in enumerate(bound)],
    )


def _shape_class(descriptor: Descriptor) -> str:
    """Names the sizes to the next power of two, and what else decides how operands are read."""
    axes = [
        axis for shape in (descriptor.output_shape, *descriptor.input_shapes[1:2]) for axis in shape
    ]
    sizes = "x".join(str(1 << (axis - 1).bit_length()) for axis in axes)
    operator = operator_of(descriptor)
    constants = sorted(operator.constants(descriptor).items())
    return f"{sizes} {constants} {operator.access_pattern(descriptor)}"
