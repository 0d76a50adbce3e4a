"""Runs a package in a process of its own: a kernel that never ends, or takes all memory, takes
nothing but that process with it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kernels
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
from kernels.custom.package import KernelPackage
from kernels.runtime import AdapterUnavailable

CHILD = "kernels.custom.child"
# The child's own timer comes first; this is for one that does not even start.
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one run may take.

    deadline_seconds counts from the start of the process; memory_bytes is address space beyond
    what interpreter and driver hold before the package is compiled.
    """

    deadline_seconds: float = 60.0
    memory_bytes: int = 4 << 30


def run_package(
    package: KernelPackage,
    inputs: Sequence[bytes],
    adapter: str | None = None,
    limits: RunLimits | None = None,
) -> bytes:
    """The output's bytes, computed on the adapter that `select_adapter` finds by its name.

    Raises PackageError when package or inputs do not fit, AdapterUnavailable, and as RunError:
    ShaderError, DeadlineExceeded, MemoryExceeded, RunCrashed, ContainmentUnavailable.
    """
    if not sys.platform.startswith("linux"):
        raise ContainmentUnavailable("custom kernels run on Linux only, which can limit a process")
    package.check_inputs(inputs)
    bounds = limits or RunLimits()
    order = {
        "adapter": adapter,
        "deadline_seconds": bounds.deadline_seconds,
        "memory_bytes": bounds.memory_bytes,
        "package_bytes": len(package.canonical),
    }
    request = b"".join([json.dumps(order).encode(), b"\n", package.canonical, *inputs])
    with subprocess.Popen(  # noqa: S603 - this interpreter and a constant
        [sys.executable, "-m", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    ) as process:
        try:
            answer, complaint = process.communicate(
                request, bounds.deadline_seconds + GRACE_SECONDS
            )
        except BaseException as error:
            process.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise _too_slow(bounds) from None
            raise
    if process.returncode:
        raise _death(process.returncode, complaint, bounds)
    head, _, output = answer.partition(b"\n")
    told = json.loads(head)
    if told["outcome"] != "done":
        raise _failure(told, bounds)
    if len(output) != package.output.bytes:
        raise RunCrashed(f"the run gave {len(output)} bytes of {package.output.bytes}")
    return output


def _environment() -> dict[str, str]:
    root = str(Path(kernels.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def _death(status: int, complaint: bytes, limits: RunLimits) -> RunError:
    if status == -signal.SIGALRM:
        return _too_slow(limits)
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return RunCrashed(
        f"the run's process died ({how}); it may need more than {limits.memory_bytes} bytes"
        + (f": {lines[-1][:300]}" if lines else "")
    )


def _failure(told: Mapping[str, Any], limits: RunLimits) -> Exception:
    message = str(told["message"])
    match told["outcome"]:
        case "refused":
            return PackageError(Reason(told["reason"]), message)
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
