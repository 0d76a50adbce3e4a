"""Runs graphs on a GPU adapter through wgpu."""

from kernels.runtime.adapter import (
    Adapter,
    AdapterUnavailable,
    DeviceLimit,
    DeviceLost,
    list_adapters,
    select_adapter,
)
from kernels.runtime.executor import GpuExecutor

__all__ = [
    "Adapter",
    "AdapterUnavailable",
    "DeviceLimit",
    "DeviceLost",
    "GpuExecutor",
    "list_adapters",
    "select_adapter",
]
