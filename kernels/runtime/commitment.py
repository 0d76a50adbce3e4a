"""Hashes a program's outputs on the device, before anything is read back."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import wgpu

import kernels.trace
from kernels.runtime.shader import WORKGROUP
from kernels.trace.merkle import HASH_BYTES, LEAF_BYTES, TENSOR, tree_depth, zero_subtree

# WebGPU's largest alignment of an offset into a storage buffer.
ALIGNMENT = 256
_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC


@cache
def merkle_source() -> str:
    """The shader text of the tensor tree."""
    return (Path(kernels.trace.__file__).parent / "merkle.wgsl").read_text(encoding="utf-8")


class MerklePipelines:
    """The two programs of a tree, compiled once a device."""

    def __init__(self, device: Any) -> None:
        module = device.create_shader_module(code=merkle_source())
        self.leaves, self.nodes = (
            device.create_compute_pipeline(
                layout="auto", compute={"module": module, "entry_point": name}
            )
            for name in ("leaves", "nodes")
        )


class TensorRoots:
    """Trees over device buffers that hold canonical bytes.

    Two scratch buffers take the levels of one tree after the other in turn, so that the device
    needs 48 bytes for every 256 of the largest tensor.
    """

    def __init__(
        self,
        device: Any,
        pipelines: MerklePipelines,
        tensors: Sequence[tuple[Any, int]],
        max_groups: int,
    ) -> None:
        """tensors are pairs of a buffer and its stored bytes."""
        self._device = device
        self._count = len(tensors)
        self._max_groups = max_groups
        leaves = [-(-size // LEAF_BYTES) for _, size in tensors]
        depths = [tree_depth(count) for count in leaves]
        most = max(leaves)
        self._roots = self._buffer(HASH_BYTES * len(tensors))
        self._scratch = [self._buffer(HASH_BYTES * most), self._buffer(HASH_BYTES * -(-most // 2))]
        self._zeros = self._filled(
            np.frombuffer(b"".join(map(_zero_words, range(max(depths) + 1))), np.uint8)
        )
        plan = [
            level
            for index, (_, size) in enumerate(tensors)
            for level in _levels(size, leaves[index], depths[index], index)
        ]
        table = np.zeros((len(plan), ALIGNMENT // 4), "<u4")
        table[:, :4] = plan
        self._levels = self._filled(table.view(np.uint8).reshape(-1))
        self._dispatches: list[tuple[Any, Any, tuple[int, int]]] = []
        row = 0
        for (buffer, _), depth in zip(tensors, depths, strict=True):
            for height in range(depth + 1):
                self._dispatches.append(
                    self._dispatch(pipelines, buffer, row, (height, depth, plan[row][2]))
                )
                row += 1

    def compute(self) -> list[bytes]:
        """The root of every tensor, by what its buffer holds now."""
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
        """Give the device memory back."""
        for buffer in (self._roots, *self._scratch, self._zeros, self._levels):
            buffer.destroy()

    def _dispatch(
        self, pipelines: MerklePipelines, tensor: Any, row: int, extent: tuple[int, int, int]
    ) -> tuple[Any, Any, tuple[int, int]]:
        height, depth, count = extent
        pipeline = pipelines.nodes if height else pipelines.leaves
        target = self._roots if height == depth else self._scratch[height % 2]
        sources = {3: self._scratch[(height + 1) % 2], 4: self._zeros} if height else {2: tensor}
        entries = [
            {"binding": 0, "resource": _part(self._levels, row * ALIGNMENT, 16)},
            {"binding": 1, "resource": _part(target, 0, target.size)},
        ]
        entries += [
            {"binding": at, "resource": _part(buffer, 0, buffer.size)}
            for at, buffer in sources.items()
        ]
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


def _levels(size: int, leaves: int, depth: int, index: int) -> list[tuple[int, int, int, int]]:
    """The shader's Level of every dispatch of one tree: the last writes root number index."""
    levels = []
    source, count = size, leaves
    for height in range(depth + 1):
        levels.append((source, max(height - 1, 0), count, index if height == depth else 0))
        source, count = count, -(-count // 2)
    return levels


def _zero_words(height: int) -> bytes:
    """The root of a tree of zeros, as the device keeps hashes."""
    return np.frombuffer(zero_subtree(TENSOR, height), ">u4").astype("<u4").tobytes()


def _part(buffer: Any, offset: int, size: int) -> dict[str, Any]:
    return {"buffer": buffer, "offset": offset, "size": size}
