"""The package of the example runs, and is what a buyer may submit."""

from pathlib import Path

import numpy as np
import pytest

from kernels.custom import read_package
from kernels.custom.validation import validate
from kernels.runtime import list_adapters
from tests.examples.network import ROOT, example, succeeded

PACKAGE = ROOT / "examples" / "custom_kernel"


def test_the_package_is_valid_and_reads_its_input() -> None:
    package = read_package(PACKAGE)
    validate(package)
    assert (len(package.inputs), package.output_bytes) == (1, package.inputs[0].bytes)


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_it_runs_within_half_its_tolerance_and_leaves_an_input_for_a_task(tmp_path: Path) -> None:
    told = succeeded(example("custom_kernel", tmp_path))
    package = read_package(PACKAGE)
    assert f"package silu, SHA-256 {package.digest.hex()}" in told
    assert "largest difference from NumPy" in told
    assert np.load(tmp_path / "x.npy").nbytes == package.inputs[0].bytes
