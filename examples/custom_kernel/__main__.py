"""Runs the package beside this file on this machine's adapter and compares it with NumPy.

    python -m examples.custom_kernel FOLDER

FOLDER receives `x.npy`, the input, for `neurolov task submit --package examples/custom_kernel`.
"""

import sys
from pathlib import Path

import numpy as np

from kernels.custom import read_package, run_package

PACKAGE = Path(__file__).parent


def main() -> int:
    """Returns the exit status: 1 when the kernel differs from NumPy by more than it declares."""
    package = read_package(PACKAGE)
    print(f"package {package.name}, SHA-256 {package.digest.hex()}")

    x = np.linspace(-12, 12, package.inputs[0].bytes // 4, dtype="<f4")
    y = np.frombuffer(run_package(package, [x.tobytes()]), "<f4")

    exact = x.astype(np.float64) / (1 + np.exp(-x.astype(np.float64)))
    error = float(np.abs(y - exact).max())
    bound = float(np.float32(package.tolerance.absolute)) / 2
    print(f"largest difference from NumPy {error:.2e}, at most {bound:.2e} is honest")

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "x.npy", x)
    return 0 if error <= bound else 1


if __name__ == "__main__":
    sys.exit(main())
