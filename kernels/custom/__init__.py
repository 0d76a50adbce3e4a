"""Custom kernels, the tolerant class: WGSL packages that anybody can write. Each run has a process
of its own. Bits may differ between adapters, so fraud cannot be proved; the outputs of several
providers are compared instead."""

from kernels.custom.buffer import Buffer, Role, Stage
from kernels.custom.element import Element, Tolerance
from kernels.custom.errors import (
    ContainmentUnavailable,
    DeadlineExceeded,
    MemoryExceeded,
    PackageError,
    Reason,
    RunCrashed,
    RunError,
    ShaderError,
)
from kernels.custom.folder import PACKAGES, read_package
from kernels.custom.outputs import Output, split
from kernels.custom.package import KernelPackage
from kernels.custom.runner import RunLimits, run_package

__all__ = [
    "PACKAGES",
    "Buffer",
    "ContainmentUnavailable",
    "DeadlineExceeded",
    "Element",
    "KernelPackage",
    "MemoryExceeded",
    "Output",
    "PackageError",
    "Reason",
    "Role",
    "RunCrashed",
    "RunError",
    "RunLimits",
    "ShaderError",
    "Stage",
    "Tolerance",
    "read_package",
    "run_package",
    "split",
]
