"""The process that runs one package, started by the runner as `python -m kernels.custom.child`.

Standard input: one line of JSON (deadline_seconds, memory_bytes, adapter, package_bytes), then the
package, then the inputs in order. Standard output: one line of JSON, then the output.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

# The driver's library is loaded here, since a confined process may open fewer files.
import wgpu.backends.wgpu_native  # noqa: F401

from kernels.custom.confinement import confine
from kernels.custom.errors import (
    ContainmentUnavailable,
    MemoryExceeded,
    PackageError,
    ShaderError,
)
from kernels.custom.package import KernelPackage
from kernels.custom.program import Program
from kernels.runtime import AdapterUnavailable, select_adapter


def main() -> None:
    """Answers one request."""
    answer = os.fdopen(os.dup(1), "wb")
    # Whatever a driver prints must not end up in the answer.
    os.dup2(2, 1)
    order = json.loads(sys.stdin.buffer.readline())
    # With its default action, a signal ends the process even inside a driver call, and the timer
    # fires even if the runner has died.
    signal.setitimer(signal.ITIMER_REAL, order["deadline_seconds"])
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    output = b""
    try:
        confine()
        output = _run(order, sys.stdin.buffer)
        told = {"outcome": "done"}
    except PackageError as error:
        told = {"outcome": "refused", "reason": error.reason, "message": error.message}
    except ShaderError as error:
        told = {"outcome": "shader", "message": str(error)}
    except ContainmentUnavailable as error:
        told = {"outcome": "containment", "message": str(error)}
    except AdapterUnavailable as error:
        told = {"outcome": "adapter", "message": str(error)}
    except (MemoryError, MemoryExceeded) as error:
        told = {"outcome": "memory", "message": str(error)}
    answer.write(json.dumps(told).encode() + b"\n" + output)
    answer.close()


def _run(order: Mapping[str, Any], request: BinaryIO) -> bytes:
    package = KernelPackage.from_bytes(request.read(order["package_bytes"]))
    adapter = select_adapter(order["adapter"])
    package.check_limits(adapter.limits)
    device = adapter.request_device()
    # A driver reserves address space of its own, so the limit covers only what the package adds.
    limit = _address_space() + order["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    inputs = [request.read(buffer.bytes) for buffer in package.inputs]
    program = Program(device, package)
    try:
        return program.run(inputs)
    finally:
        program.release()
        device.destroy()


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
