"""A pool of one device's buffers, which graphs use one after the other."""

from collections import defaultdict
from typing import Any

import wgpu

ALIGNMENT = 256
IDLE_BYTES = 256 << 20

STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC
STAGING = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST


class BufferPool:
    """Hands returned buffers out again by size and usage; their old contents remain."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._idle: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
        self.idle_bytes = 0
        self.bytes = 0

    def take(self, size: int, usage: int = STORAGE) -> Any:
        """Returns a buffer of at least `size` bytes, rounded up to ALIGNMENT."""
        rounded = -(-size // ALIGNMENT) * ALIGNMENT
        idle = self._idle[rounded, usage]
        if idle:
            self.idle_bytes -= rounded
            return idle.pop()
        self.bytes += rounded
        return self._device.create_buffer(size=rounded, usage=usage)

    def give(self, buffers: list[Any]) -> None:
        """Takes buffers back; frees all idle ones when they exceed IDLE_BYTES."""
        for buffer in buffers:
            self._idle[buffer.size, buffer.usage].append(buffer)
            self.idle_bytes += buffer.size
        if self.idle_bytes > IDLE_BYTES:
            self.clear()

    def clear(self) -> None:
        """Frees the idle buffers."""
        for buffers in self._idle.values():
            for buffer in buffers:
                self.bytes -= buffer.size
                buffer.destroy()
        self._idle.clear()
        self.idle_bytes = 0
