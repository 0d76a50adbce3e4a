"""Hashes canonical bytes of the host on the device."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import wgpu

from kernels.codes import LEAF_BYTES
from kernels.runtime.commitment import ALIGNMENT, MerklePipelines, Region, TensorRoots
from kernels.trace.merkle import TENSOR, root_of_subtrees, tree_depth

PIECE_HEIGHT = 16
PIECE_BYTES = LEAF_BYTES << PIECE_HEIGHT


@dataclass(frozen=True, slots=True)
class _Piece:
    tensor: int
    start: int
    size: int
    height: int


class Upload:
    """One buffer of 16 MiB that is filled repeatedly.

    Large tensors are hashed in pieces that are whole subtrees, small ones many at a time.
    """

    def __init__(self, device: Any, pipelines: MerklePipelines, max_groups: int) -> None:
        self._device = device
        self._pipelines = pipelines
        self._max_groups = max_groups
        self._buffer = device.create_buffer(
            size=PIECE_BYTES, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST
        )
        self._regions: list[Region] = []
        self._roots: TensorRoots | None = None

    def roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        """Returns the tensor root of each tensor, given its canonical bytes."""
        subtrees: list[list[bytes]] = [[] for _ in tensors]
        for pieces in _batches([len(stored) for stored in tensors]):
            for piece, root in zip(pieces, self._subtree_roots(tensors, pieces), strict=True):
                subtrees[piece.tensor].append(root)
        return [root_of_subtrees(TENSOR, found, PIECE_HEIGHT) for found in subtrees]

    def _subtree_roots(self, tensors: Sequence[bytes], pieces: Sequence[_Piece]) -> list[bytes]:
        regions, offset = [], 0
        for piece in pieces:
            stored = tensors[piece.tensor]
            self._write(np.frombuffer(stored, np.uint8, piece.size, piece.start), offset)
            regions.append(Region(self._buffer, offset, piece.size, piece.height))
            offset += _aligned(piece.size)
        if self._roots is None or regions != self._regions:
            if self._roots is not None:
                self._roots.release()
            self._roots = TensorRoots(self._device, self._pipelines, regions, self._max_groups)
            self._regions = regions
        return self._roots.compute()

    def _write(self, data: Any, offset: int) -> None:
        whole = data.size // 4 * 4
        if whole:
            self._device.queue.write_buffer(self._buffer, offset, data[:whole])
        if whole < data.size:
            rest = np.zeros(4, np.uint8)
            rest[: data.size - whole] = data[whole:]
            self._device.queue.write_buffer(self._buffer, offset + whole, rest)


def _batches(sizes: Sequence[int]) -> Iterator[list[_Piece]]:
    """Yields pieces in order, as many at a time as fit the buffer."""
    batch: list[_Piece] = []
    filled = 0
    for piece in _pieces(sizes):
        if filled + piece.size > PIECE_BYTES:
            yield batch
            batch, filled = [], 0
        batch.append(piece)
        filled += _aligned(piece.size)
    if batch:
        yield batch


def _pieces(sizes: Sequence[int]) -> Iterator[_Piece]:
    for tensor, size in enumerate(sizes):
        height = min(tree_depth(-(-size // LEAF_BYTES)), PIECE_HEIGHT)
        for start in range(0, size, PIECE_BYTES):
            yield _Piece(tensor, start, min(PIECE_BYTES, size - start), height)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
