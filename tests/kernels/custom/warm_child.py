"""Runs many packages on one device, confined like the child that runs one.

Standard input: an adapter's name, the seconds per package, a package to run first, then the others,
one per line. Standard output: one line of JSON per other package.
"""

import json
import os
import signal
import sys

from kernels.custom.confinement import confine
from kernels.custom.errors import PackageError, RunError
from kernels.custom.package import KernelPackage
from kernels.custom.program import Program
from kernels.runtime import select_adapter


def main() -> None:
    """Answers line by line; a package that takes too long ends the process."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, seconds, *lines = sys.stdin.read().splitlines()
    confine()
    device = select_adapter(name).request_device()
    for number, line in enumerate(lines):
        signal.setitimer(signal.ITIMER_REAL, float(seconds))
        told = _run(device, KernelPackage.from_bytes(line.encode()))
        if number > 0:
            answer.write(json.dumps(told) + "\n")
            answer.flush()


def _run(device: object, package: KernelPackage) -> dict[str, str]:
    try:
        program = Program(device, package)
        try:
            return {"output": program.run([]).hex()}
        finally:
            program.release()
    except (PackageError, RunError, MemoryError) as error:
        return {"error": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    main()
