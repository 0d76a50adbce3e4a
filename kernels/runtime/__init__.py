"""Runs graphs on a GPU adapter through wgpu."""

from kernels.runtime.adapter import (
    Adapter,
    AdapterUnavailable,
    DeviceLimit,
    DeviceLost,
    list_adapters,
)
from kernels.runtime.executor import GpuExecutor
from kernels.runtime.selection import select_adapter

__all__ = [
    "Adapter",
    "AdapterUnavailable",
    "DeviceLimit",
    "DeviceLost",
    "GpuExecutor",
    "list_adapters",
    "select_adapter",
]
