"""Merkle trees, computed on the device over canonical bytes in its buffers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import wgpu

import kernels.trace
from kernels.codes import LEAF_BYTES
from kernels.exact.grid import WORKGROUP
from kernels.trace.merkle import HASH_BYTES, TENSOR, tree_depth, zero_subtree

# WebGPU's largest alignment of an offset into a storage buffer.
ALIGNMENT = 256
_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC


@cache
def merkle_source() -> str:
    """Returns the shader text of the tensor tree."""
    return (Path(kernels.trace.__file__).parent / "merkle.wgsl").read_text(encoding="utf-8")


class MerklePipelines:
    """The two programs of a tree, compiled once per device."""

    def __init__(self, device: Any) -> None:
        module = device.create_shader_module(code=merkle_source())
        self.leaves, self.nodes = (
            device.create_compute_pipeline(
                layout="auto", compute={"module": module, "entry_point": name}
            )
            for name in ("leaves", "nodes")
        )


@dataclass(frozen=True, slots=True)
class Region:
    """Canonical bytes in a device buffer, starting at a multiple of ALIGNMENT.

    `height` is the height of their tree, which may have room for more bytes.
    """

    buffer: Any
    offset: int
    size: int
    height: int

    @classmethod
    def whole(cls, buffer: Any, size: int) -> "Region":
        """Returns the region of a tensor that has a buffer to itself."""
        return cls(buffer, 0, size, tree_depth(_leaves(size)))

    @property
    def resource(self) -> dict[str, Any]:
        """The binding of the region, in whole words."""
        return _part(self.buffer, self.offset, -(-self.size // 4) * 4)


class TensorRoots:
    """Trees over regions of device buffers.

    Two scratch buffers hold the levels of a tree alternately, and the trees follow one another, so
    the device needs 48 bytes per 256 bytes of the largest tensor.
    """

    def __init__(
        self,
        device: Any,
        pipelines: MerklePipelines,
        regions: Sequence[Region],
        max_groups: int,
    ) -> None:
        self._device = device
        self._count = len(regions)
        self._max_groups = max_groups
        most = max(_leaves(region.size) for region in regions)
        highest = max(region.height for region in regions)
        self._roots = self._buffer(HASH_BYTES * len(regions))
        self._scratch = [self._buffer(HASH_BYTES * most), self._buffer(HASH_BYTES * -(-most // 2))]
        self._zeros = self._filled(
            np.frombuffer(b"".join(map(_zero_words, range(highest + 1))), np.uint8)
        )
        plan = [level for index, region in enumerate(regions) for level in _levels(region, index)]
        table = np.zeros((len(plan), ALIGNMENT // 4), "<u4")
        table[:, :4] = plan
        self._levels = self._filled(table.view(np.uint8).reshape(-1))
        self._dispatches: list[tuple[Any, Any, tuple[int, int]]] = []
        row = 0
        for region in regions:
            for height in range(region.height + 1):
                self._dispatches.append(
                    self._dispatch(pipelines, region, row, (height, plan[row][2]))
                )
                row += 1

    def compute(self) -> list[bytes]:
        """Returns the root of every tensor, as its buffer is now."""
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        for pipeline, bindings, groups in self._dispatches:
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, bindings)
            compute.dispatch_workgroups(*groups)
        compute.end()
        self._device.queue.submit([encoder.finish()])
        words = np.frombuffer(self._device.queue.read_buffer(self._roots), "<u4")
        rows = words.astype(">u4").reshape(self._count, -1)
        return [row.tobytes() for row in rows]

    def release(self) -> None:
        """Frees the device memory."""
        for buffer in (self._roots, *self._scratch, self._zeros, self._levels):
            buffer.destroy()

    def _dispatch(
        self, pipelines: MerklePipelines, region: Region, row: int, extent: tuple[int, int]
    ) -> tuple[Any, Any, tuple[int, int]]:
        height, count = extent
        pipeline = pipelines.nodes if height else pipelines.leaves
        target = self._roots if height == region.height else self._scratch[height % 2]
        bound = {0: _part(self._levels, row * ALIGNMENT, 16), 1: _whole(target)}
        if height:
            bound |= {3: _whole(self._scratch[(height + 1) % 2]), 4: _whole(self._zeros)}
        else:
            bound[2] = region.resource
        entries = [{"binding": at, "resource": resource} for at, resource in bound.items()]
        bindings = self._device.create_bind_group(
            layout=pipeline.get_bind_group_layout(0), entries=entries
        )
        groups = -(-count // WORKGROUP)
        across = min(groups, self._max_groups)
        return pipeline, bindings, (across, -(-groups // across))

    def _buffer(self, size: int) -> Any:
        return self._device.create_buffer(size=size, usage=_STORAGE)

    def _filled(self, data: Any) -> Any:
        buffer = self._buffer(data.size)
        self._device.queue.write_buffer(buffer, 0, data)
        return buffer


def _levels(region: Region, index: int) -> list[tuple[int, int, int, int]]:
    """Returns the shader's Level of each dispatch of one tree; the last one writes root `index`."""
    levels = []
    source, count = region.size, _leaves(region.size)
    for height in range(region.height + 1):
        first = index if height == region.height else 0
        levels.append((source, max(height - 1, 0), count, first))
        source, count = count, -(-count // 2)
    return levels


def _leaves(size: int) -> int:
    return -(-size // LEAF_BYTES)


def _zero_words(height: int) -> bytes:
    """Returns the root of a tree of zeros in the words that the device uses."""
    return np.frombuffer(zero_subtree(TENSOR, height), ">u4").astype("<u4").tobytes()


def _whole(buffer: Any) -> dict[str, Any]:
    return _part(buffer, 0, buffer.size)


def _part(buffer: Any, offset: int, size: int) -> dict[str, Any]:
    return {"buffer": buffer, "offset": offset, "size": size}
