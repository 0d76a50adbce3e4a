"""Several outputs of a package: names, tolerances, and the parts of one result."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kernels.custom import (
    Buffer,
    Element,
    KernelPackage,
    PackageError,
    Reason,
    Role,
    Tolerance,
    run_package,
    split,
)
from tests.kernels.custom.examples import INPUT_BUFFER, STAGE, TRIPLE, triple

LOOSE = Tolerance.rounded(1e-6, 1e-5, 2)
BOTH = TRIPLE.replace(
    "@compute", "@group(0) @binding(2) var<storage, read_write> n: array<i32>;\n@compute"
).replace("3.0 * x[at.x];", "3.0 * x[at.x];\n    n[at.x] = i32(x[at.x]);")
NUMBERS = Buffer(64, Element.F32, Role.OUTPUT, "numbers")
WHOLE = Buffer(64, Element.I32, Role.OUTPUT, "whole", Tolerance())


def double(**fields: Any) -> KernelPackage:
    """Returns y = 3 x, and n = x without its fraction."""
    package = triple(
        sources=(BOTH,),
        buffers=(INPUT_BUFFER, NUMBERS, WHOLE),
        stages=(replace(STAGE, bindings=(0, 1, 2)),),
    )
    return replace(package, **fields)


def test_a_package_of_two_outputs_comes_back_from_its_bytes() -> None:
    package = double()
    assert KernelPackage.from_bytes(package.canonical) == package
    assert [(each.name, each.element, each.tolerance) for each in package.outputs] == [
        ("numbers", Element.F32, LOOSE),
        ("whole", Element.I32, Tolerance()),
    ]
    assert (package.output_bytes, package.element) == (128, Element.F32)
    assert package.device_bytes == 64 + 2 * 128
    plain = double(buffers=(INPUT_BUFFER, NUMBERS, replace(WHOLE, tolerance=None)))
    assert plain.outputs[1].tolerance == LOOSE
    assert plain.digest != package.digest


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        ((Element.BYTES, Element.I32), Element.I32),
        ((Element.F16, Element.F32), Element.F16),
        ((Element.BYTES, Element.BYTES), Element.BYTES),
    ],
)
def test_the_chain_compares_unless_equal_bytes_alone_agree(
    elements: tuple[Element, Element], told: Element
) -> None:
    outputs = [
        Buffer(64, element, Role.OUTPUT, element.name + str(at), Tolerance())
        for at, element in enumerate(elements)
    ]
    assert double(buffers=(INPUT_BUFFER, *outputs)).element is told


@pytest.mark.parametrize(
    ("reason", "outputs"),
    [
        (Reason.BAD_BUFFER, (NUMBERS, replace(WHOLE, name=None))),
        (Reason.BAD_BUFFER, (NUMBERS, replace(WHOLE, name="numbers"))),
        (Reason.BAD_BUFFER, (replace(NUMBERS, bytes=6, element=Element.F16), WHOLE)),
        (Reason.BAD_TOLERANCE, (NUMBERS, replace(WHOLE, element=Element.BYTES, tolerance=None))),
        (Reason.BAD_BUFFER, tuple(replace(NUMBERS, name=str(at)) for at in range(33))),
        (
            Reason.BAD_BUFFER,
            (replace(NUMBERS, bytes=1 << 30), replace(WHOLE, bytes=4)),
        ),
    ],
)
def test_outputs_that_no_package_has(reason: Reason, outputs: tuple[Buffer, ...]) -> None:
    with pytest.raises(PackageError) as refused:
        double(buffers=(INPUT_BUFFER, *outputs))
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "a" * 257}, {"name": "a\nb"}, {"name": "\ud800"}]
)
def test_names_that_no_output_has(fields: dict[str, Any]) -> None:
    with pytest.raises(PackageError, match="printable") as refused:
        replace(NUMBERS, **fields)
    assert refused.value.reason is Reason.BAD_BUFFER


@pytest.mark.parametrize("fields", [{"name": "x"}, {"tolerance": Tolerance()}])
def test_an_input_has_neither_name_nor_tolerance(fields: dict[str, Any]) -> None:
    with pytest.raises(PackageError, match="only outputs") as refused:
        replace(INPUT_BUFFER, **fields)
    assert refused.value.reason is Reason.BAD_BUFFER


def test_a_result_is_its_outputs_one_after_the_other() -> None:
    package = double()
    data = bytes(range(128))
    parts = list(split(data, package.outputs))
    assert [(output.name, part) for output, part in parts] == [
        ("numbers", data[:64]),
        ("whole", data[64:]),
    ]
    for wrong in (data[:-1], data + b"0", b""):
        with pytest.raises(ValueError, match="are not the outputs of this kernel"):
            list(split(wrong, package.outputs))


def test_both_outputs_are_computed() -> None:
    x = np.linspace(-4, 4, 16, dtype="<f4")
    data = run_package(double(), [x.tobytes()])
    np.testing.assert_allclose(np.frombuffer(data[:64], "<f4"), 3 * x, rtol=1e-6)
    np.testing.assert_array_equal(np.frombuffer(data[64:], "<i4"), x.astype("<i4"))
