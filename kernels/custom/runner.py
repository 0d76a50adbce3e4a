"""Runs each package in a process of its own.

A kernel that never ends or takes all memory then takes nothing else down with it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kernels
from kernels.custom.confinement import containable
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
from kernels.custom.exchange import TooLong, TooSlow, exchange
from kernels.custom.landlock import FURTHER_PATHS
from kernels.custom.package import KernelPackage
from kernels.custom.validation import validate
from kernels.runtime import AdapterUnavailable

CHILD = "kernels.custom.child"
# Maximum length of the answer's first line.
HEAD_BYTES = 1 << 16
PASSED_ON = frozenset(
    {"PATH", "LANG", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "XDG_DATA_DIRS", FURTHER_PATHS}
)
PASSED_ON_PREFIXES = ("VK_", "NVIDIA_", "CUDA_VISIBLE_", "LP_", "DRI_")
# A shader cache on disk would outlive the run and tell one tenant about another.
WITHOUT_CACHES = {
    "MESA_SHADER_CACHE_DISABLE": "true",
    "MESA_GLSL_CACHE_DISABLE": "true",
    "__GL_SHADER_DISK_CACHE": "0",
}
# The child's own timer fires first; this grace covers a child that does not even start.
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of one run.

    deadline_seconds counts from the start of the process; memory_bytes is address space beyond what
    interpreter and driver hold before the package is compiled.
    """

    deadline_seconds: float = 60.0
    memory_bytes: int = 4 << 30


def run_package(
    package: KernelPackage,
    inputs: Sequence[bytes],
    adapter: str | None = None,
    limits: RunLimits | None = None,
) -> bytes:
    """Returns the outputs' bytes in order.

    They are computed on the adapter that `select_adapter` finds by its name. Raises PackageError
    when package or inputs do not fit, AdapterUnavailable, and these kinds of RunError: ShaderError,
    DeadlineExceeded, MemoryExceeded, RunCrashed, ContainmentUnavailable.
    """
    if not containable():
        raise ContainmentUnavailable(
            "custom kernels run only on Linux on x86-64 or 64-bit ARM, where a process can be "
            "confined"
        )
    bounds = limits or RunLimits()
    package.check_inputs(inputs)
    package.check_memory(bounds.memory_bytes)
    validate(package)
    order = {
        "adapter": adapter,
        "deadline_seconds": bounds.deadline_seconds,
        "memory_bytes": bounds.memory_bytes,
        "package_bytes": len(package.canonical),
    }
    request = b"".join([json.dumps(order).encode(), b"\n", package.canonical, *inputs])
    with subprocess.Popen(  # noqa: S603 - this interpreter and a constant
        [sys.executable, "-P", "-m", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            answer, complaint = exchange(
                process,
                request,
                bounds.deadline_seconds + GRACE_SECONDS,
                package.output_bytes + HEAD_BYTES,
            )
        except TooSlow:
            raise _too_slow(bounds) from None
        except TooLong:
            raise RunCrashed("the run's process wrote more than its output") from None
    if process.returncode:
        raise _death(process.returncode, complaint, bounds)
    head, _, output = answer.partition(b"\n")
    told = _outcome(head)
    if told["outcome"] != "done":
        raise _failure(told, bounds)
    if len(output) != package.output_bytes:
        raise RunCrashed(f"the run gave {len(output)} of {package.output_bytes} bytes")
    return output


def child_environment() -> dict[str, str]:
    """Returns the variables that Vulkan loaders and drivers read, and no secrets."""
    root = str(Path(kernels.__file__).parent.parent)
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    paths = os.pathsep.join(map(os.path.abspath, [root, *given]))
    kept = {name: value for name, value in os.environ.items() if _passed_on(name)}
    kept.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    return kept | WITHOUT_CACHES | {"PYTHONPATH": paths}


def _passed_on(name: str) -> bool:
    return name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)


def _outcome(head: bytes) -> Mapping[str, str]:
    try:
        told = json.loads(head)
        return {key: str(told[key]) for key in ("outcome", *(told.keys() - {"outcome"}))}
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise RunCrashed("the run's process gave no answer") from None


def _death(status: int, complaint: bytes, limits: RunLimits) -> RunError:
    if status == -signal.SIGALRM:
        return _too_slow(limits)
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return RunCrashed(
        f"the run's process died ({how}); perhaps it needs more than {limits.memory_bytes} bytes"
        + (f": {lines[-1][:300]}" if lines else "")
    )


def _failure(told: Mapping[str, Any], limits: RunLimits) -> Exception:
    message = told["message"]
    match told["outcome"]:
        case "refused":
            return PackageError(Reason(told["reason"]), message)
        case "containment":
            return ContainmentUnavailable(message)
        case "adapter":
            return AdapterUnavailable(message)
        case "shader":
            return ShaderError(message)
        case _:
            return MemoryExceeded(
                f"the run needs more than the {limits.memory_bytes} bytes that it may take"
                + (f": {message}" if message else "")
            )


def _too_slow(limits: RunLimits) -> DeadlineExceeded:
    return DeadlineExceeded(f"the run was killed after {limits.deadline_seconds} s")
