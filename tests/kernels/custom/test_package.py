"""One byte string and one digest per package, and a reason for every broken rule."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.custom import (
    Buffer,
    Element,
    KernelPackage,
    PackageError,
    Reason,
    Role,
    Stage,
    Tolerance,
)
from kernels.custom.buffer import MAX_BINDINGS, MAX_BUFFER_BYTES
from kernels.custom.package import (
    MAX_BUFFERS,
    MAX_INPUTS,
    MAX_PACKAGE_BYTES,
    MAX_PACKAGE_STAGES,
    MAX_SOURCE_BYTES,
    MAX_SOURCES_BYTES,
)
from tests.kernels.custom.examples import (
    INPUT_BUFFER,
    OUTPUT_BUFFER,
    STAGE,
    TRIPLE,
    document,
    triple,
)

LIMITS = {
    "max-storage-buffer-binding-size": 128,
    "max-buffer-size": 256,
    "max-storage-buffers-per-shader-stage": 2,
    "max-compute-workgroups-per-dimension": 4,
}

INPUTS = st.builds(
    lambda element, count, role: Buffer(element.size * count, element, role),
    st.sampled_from(Element),
    st.integers(1, 1000),
    st.sampled_from([Role.INPUT, Role.SCRATCH]),
)
TWO = (STAGE, Stage(1, "main", (1, 1, 1), (0, 1)))
# More bytes of source than allowed in all, and fewer whose JSON is six times as long.
LARGE = tuple(
    f"{at:0{MAX_SOURCE_BYTES}}" for at in range(MAX_SOURCES_BYTES // MAX_SOURCE_BYTES + 1)
)
RUN_LARGE = tuple(Stage(at, "main", (1, 1, 1), (0, 1)) for at in range(len(LARGE)))
ESCAPED = tuple(f"{at}" + "\x01" * (MAX_SOURCE_BYTES - 1) for at in range(8))
BYTES = Buffer(64, Element.BYTES, Role.OUTPUT)
NUMBERS = st.floats(0, 1e6, width=32).filter(lambda value: str(value) != "-0.0")


WIDE_BUFFER = Buffer(1024, Element.F32, Role.INPUT)


def shifted(offset: int, binding: int = 0) -> Stage:
    """Returns the stage of `triple` with a buffer bound from an offset on."""
    return replace(STAGE, offsets=tuple(offset if at == binding else 0 for at in range(2)))


def staged(**fields: Any) -> dict[str, Any]:
    """Returns the JSON of `triple`'s stage with some fields replaced."""
    stage: dict[str, Any] = json.loads(triple().canonical)["stages"][0]
    return stage | fields


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    source=st.text(min_size=1, max_size=200).filter(
        lambda text: "\0" not in text and text.isprintable()
    ),
    others=st.lists(INPUTS, max_size=MAX_BINDINGS - 1),
    bounds=st.tuples(NUMBERS, NUMBERS, st.integers(0, 2**32 - 1)),
    workgroups=st.tuples(*[st.integers(1, 65536)] * 3),
    stages=st.integers(1, 3),
)
def test_a_package_comes_back_from_its_bytes(
    source: str,
    others: list[Buffer],
    bounds: tuple[float, float, int],
    workgroups: tuple[int, int, int],
    stages: int,
) -> None:
    buffers = (*others, OUTPUT_BUFFER)
    stage = Stage(0, "main", workgroups, tuple(range(len(buffers))))
    package = triple(
        sources=(source,),
        buffers=buffers,
        stages=(stage,) * stages,
        tolerance=Tolerance(*bounds),
    )
    again = KernelPackage.from_bytes(package.canonical)
    assert again == package
    assert again.digest == package.digest == sha256(package.canonical).digest()
    assert package.canonical.isascii()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "other"},
        {"sources": ("fn main() {}",)},
        {"buffers": (INPUT_BUFFER, Buffer(64, Element.I32, Role.OUTPUT))},
        {"buffers": (Buffer(64, Element.F32, Role.SCRATCH), OUTPUT_BUFFER)},
        {"stages": (STAGE, STAGE)},
        {"stages": (Stage(0, "start", (2, 1, 1), (0, 1)),)},
        {"stages": (Stage(0, "main", (2, 1, 2), (0, 1)),)},
        {"stages": (Stage(0, "main", (2, 1, 1), (1, 0)),)},
        {"buffers": (WIDE_BUFFER, OUTPUT_BUFFER), "stages": (shifted(256),)},
        {"tolerance": Tolerance.rounded(1e-6, 1e-5, 3)},
    ],
)
def test_every_field_changes_the_digest(fields: dict[str, Any]) -> None:
    assert triple(**fields).digest != triple().digest


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        (Reason.BAD_NAME, {"name": "Triple"}),
        (Reason.BAD_NAME, {"name": "../x"}),
        (Reason.BAD_NAME, {"name": ""}),
        (Reason.BAD_SOURCE, {"sources": ()}),
        (Reason.BAD_SOURCE, {"sources": (TRIPLE, TRIPLE), "stages": TWO}),
        (Reason.SOURCE_LIMIT, {"sources": LARGE, "stages": RUN_LARGE}),
        (Reason.BAD_SOURCE, {"sources": ("",)}),
        (Reason.BAD_SOURCE, {"sources": ("x" * (MAX_SOURCE_BYTES + 1),)}),
        (Reason.BAD_SOURCE, {"sources": ("a\0b",)}),
        (Reason.BAD_SOURCE, {"sources": ("\ud800",)}),
        (Reason.BAD_BUFFER, {"buffers": (INPUT_BUFFER,)}),
        (Reason.BAD_BUFFER, {"buffers": (OUTPUT_BUFFER, OUTPUT_BUFFER)}),
        (Reason.BINDING_LIMIT, {"buffers": (INPUT_BUFFER,) * (MAX_INPUTS + 1) + (OUTPUT_BUFFER,)}),
        (
            Reason.BINDING_LIMIT,
            {"buffers": (Buffer(4, Element.F32, Role.SCRATCH),) * MAX_BUFFERS + (OUTPUT_BUFFER,)},
        ),
        (Reason.BAD_STAGE, {"stages": ()}),
        (Reason.DISPATCH_LIMIT, {"stages": (STAGE,) * (MAX_PACKAGE_STAGES + 1)}),
        (Reason.BAD_STAGE, {"stages": (Stage(1, "main", (1, 1, 1), (0, 1)),)}),
        (Reason.BAD_STAGE, {"stages": (Stage(0, "main", (1, 1, 1), (0, 2)),)}),
        (Reason.BAD_STAGE, {"stages": (Stage(0, "main", (1, 1, 1), (1,)),)}),
        (Reason.BAD_STAGE, {"sources": (TRIPLE, f"{TRIPLE}\n")}),
        (Reason.BAD_FILE, {"sources": ESCAPED, "stages": RUN_LARGE[: len(ESCAPED)]}),
        (Reason.BAD_TOLERANCE, {"buffers": (INPUT_BUFFER, BYTES)}),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(reason: Reason, fields: dict[str, Any]) -> None:
    with pytest.raises(PackageError) as refused:
        triple(**fields)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("buffers", "stage", "why"),
    [
        ((WIDE_BUFFER, OUTPUT_BUFFER), shifted(1024), "begins at 1024 of 1024 bytes"),
        ((INPUT_BUFFER, Buffer(1024, Element.F32, Role.OUTPUT)), shifted(256, 1), "bound once"),
        (
            (WIDE_BUFFER, OUTPUT_BUFFER, Buffer(1024, Element.F32, Role.SCRATCH)),
            replace(STAGE, bindings=(0, 2, 1, 2), offsets=(0, 0, 0, 256)),
            "bound once and whole",
        ),
    ],
)
def test_only_inputs_are_bound_in_parts(
    buffers: tuple[Buffer, ...], stage: Stage, why: str
) -> None:
    with pytest.raises(PackageError, match=why) as refused:
        triple(buffers=buffers, stages=(stage,))
    assert refused.value.reason is Reason.BAD_STAGE


def test_a_package_with_parts_of_an_input_comes_back_from_its_bytes() -> None:
    twice = replace(STAGE, bindings=(0, 0, 1), offsets=(512, 768, 0))
    package = triple(buffers=(WIDE_BUFFER, OUTPUT_BUFFER), stages=(shifted(256), twice))
    assert KernelPackage.from_bytes(package.canonical) == package


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        (Reason.BAD_ENTRY_POINT, {"entry_point": "main()"}),
        (Reason.BAD_WORKGROUPS, {"workgroups": (1, 0, 1)}),
        (Reason.BAD_WORKGROUPS, {"workgroups": (1, 1, 65537)}),
        (Reason.BINDING_LIMIT, {"bindings": ()}),
        (Reason.BINDING_LIMIT, {"bindings": tuple(range(MAX_BINDINGS + 1))}),
        (Reason.BAD_STAGE, {"bindings": (0, 1, 0)}),
        (Reason.BAD_STAGE, {"offsets": (0, 0)}),
        (Reason.BAD_STAGE, {"offsets": (256,)}),
        (Reason.BAD_STAGE, {"offsets": (128, 0)}),
        (Reason.BAD_STAGE, {"offsets": (-256, 0)}),
        (Reason.BAD_STAGE, {"bindings": (0, 1, 0), "offsets": (256, 0, 256)}),
    ],
)
def test_a_stage_that_breaks_a_rule_is_named(reason: Reason, fields: dict[str, Any]) -> None:
    with pytest.raises(PackageError) as refused:
        replace(STAGE, **fields)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("size", "element"),
    [(0, Element.BYTES), (MAX_BUFFER_BYTES + 1, Element.BYTES), (6, Element.F32), (3, Element.F16)],
)
def test_a_buffer_holds_whole_elements_within_bounds(size: int, element: Element) -> None:
    with pytest.raises(PackageError) as refused:
        Buffer(size, element, Role.OUTPUT)
    assert refused.value.reason is Reason.BAD_BUFFER


@pytest.mark.parametrize(
    "bounds",
    [
        (-1.0, 0.0, 0),
        (-0.0, 0.0, 0),
        (float("nan"), 0.0, 0),
        (0.0, float("inf"), 0),
        (0.1, 0.0, 0),
        (0.0, 0.0, -1),
        (0.0, 0.0, 2**32),
    ],
)
def test_bounds_are_finite_float32_and_not_negative(bounds: tuple[float, float, int]) -> None:
    with pytest.raises(PackageError) as refused:
        Tolerance(*bounds)
    assert refused.value.reason is Reason.BAD_TOLERANCE


@pytest.mark.parametrize("bits", [0x7F80_0000, 0x7FC0_0000, 0x8000_0000, 0xBF80_0000, -1, 2**32])
def test_bit_patterns_that_are_no_bound_are_refused(bits: int) -> None:
    with pytest.raises(PackageError) as refused:
        Tolerance.from_bits(0, bits, 0)
    assert refused.value.reason is Reason.BAD_TOLERANCE


def test_a_decimal_bound_becomes_the_nearest_float32() -> None:
    assert Tolerance.rounded(1e-5, 0.5, 3).bits == (0x3727_C5AC, 0x3F00_0000, 3)
    with pytest.raises(PackageError, match="finite"):
        Tolerance.rounded(1e39, 0.0, 0)


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        (Reason.BAD_FILE, b""),
        (Reason.BAD_FILE, b"[]"),
        (Reason.BAD_FILE, b"[" * 100_000),
        (Reason.BAD_FILE, b"\xff"),
        (Reason.BAD_FILE, b" " + triple().canonical),
        (Reason.BAD_FILE, triple().canonical[:-1] + b',"more":1}'),
        (Reason.BAD_FILE, json.dumps(json.loads(triple().canonical)).encode()),
        (Reason.BAD_FILE, b" " * MAX_PACKAGE_BYTES + b"{}"),
        (Reason.BAD_FILE, document(version=1)),
        (Reason.BAD_FILE, document(version=True)),
        (Reason.BAD_FILE, document(name=3)),
        (Reason.BAD_FILE, document(sources="fn main() {}")),
        (Reason.BAD_FILE, document(sources=[3])),
        (Reason.BAD_FILE, document(buffers={})),
        (Reason.BAD_FILE, document(buffers=[{"bytes": 4}])),
        (Reason.BAD_FILE, document(buffers=[{"bytes": 4.0, "element": "f32", "role": "output"}])),
        (Reason.BAD_FILE, document(stages={})),
        (Reason.BAD_FILE, document(stages=[{"source": 0}])),
        (Reason.BAD_FILE, document(tolerance={"absolute": 0.1})),
        (
            Reason.BAD_BUFFER,
            document(buffers=[{"bytes": 4, "element": "f64", "role": "output"}]),
        ),
        (
            Reason.BAD_BUFFER,
            document(buffers=[{"bytes": 4, "element": "f32", "role": "uniform"}]),
        ),
        (Reason.BAD_WORKGROUPS, document(stages=[staged(workgroups=[1, 1])])),
        (Reason.BAD_FILE, document(stages=[staged(workgroups=[1, 1, "1"])])),
        (Reason.BAD_FILE, document(stages=[staged(bindings=[True, 1])])),
        (Reason.BAD_FILE, document(stages=[staged(source="0")])),
        (Reason.BAD_FILE, document(stages=[staged(offsets=0)])),
        (Reason.BAD_FILE, document(stages=[staged(offsets=[0.0, 0])])),
        (Reason.BAD_STAGE, document(stages=[staged(offsets=[0, 0])])),
        (
            Reason.BAD_TOLERANCE,
            document(tolerance={"absolute_bits": 0, "relative_bits": 2**31, "ulp": 0}),
        ),
    ],
)
def test_bytes_that_are_no_package_are_refused(reason: Reason, data: bytes) -> None:
    with pytest.raises(PackageError) as refused:
        KernelPackage.from_bytes(data)
    assert refused.value.reason is reason


def test_what_fits_an_adapter_passes_its_limits() -> None:
    triple().check_limits(LIMITS)


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        (
            Reason.BUFFER_LIMIT,
            {"buffers": (INPUT_BUFFER, Buffer(132, Element.F32, Role.OUTPUT))},
        ),
        (Reason.BUFFER_LIMIT, {"buffers": (Buffer(129, Element.BYTES, Role.INPUT), OUTPUT_BUFFER)}),
        (
            Reason.BINDING_LIMIT,
            {
                "buffers": (INPUT_BUFFER, INPUT_BUFFER, OUTPUT_BUFFER),
                "stages": (replace(STAGE, bindings=(0, 1, 2)),),
            },
        ),
        (Reason.DISPATCH_LIMIT, {"stages": (STAGE, replace(STAGE, workgroups=(1, 5, 1)))}),
    ],
)
def test_what_exceeds_an_adapter_is_named(reason: Reason, fields: dict[str, Any]) -> None:
    with pytest.raises(PackageError) as refused:
        triple(**fields).check_limits(LIMITS)
    assert refused.value.reason is reason


@pytest.mark.parametrize("inputs", [[], [bytes(64), bytes(64)], [bytes(63)], [bytes(68)]])
def test_inputs_of_the_wrong_number_or_length_are_refused(inputs: list[bytes]) -> None:
    with pytest.raises(PackageError) as refused:
        triple().check_inputs(inputs)
    assert refused.value.reason is Reason.BAD_INPUT


def test_the_memory_of_a_run_counts_every_buffer_and_the_output_twice() -> None:
    scratch = Buffer(3, Element.BYTES, Role.SCRATCH)
    package = triple(
        buffers=(INPUT_BUFFER, OUTPUT_BUFFER, scratch), stages=(replace(STAGE, bindings=(0, 1, 2)),)
    )
    assert package.device_bytes == 64 + 2 * 64 + 4
