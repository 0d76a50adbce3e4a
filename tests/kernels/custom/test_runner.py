"""Kernels run in a process of their own, and every failure ends in one clear error."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kernels.custom import (
    Buffer,
    ContainmentUnavailable,
    DeadlineExceeded,
    Element,
    KernelPackage,
    MemoryExceeded,
    PackageError,
    Reason,
    Role,
    RunCrashed,
    RunLimits,
    ShaderError,
    Stage,
    run_package,
    runner,
)
from kernels.runtime import Adapter, AdapterUnavailable
from tests.kernels.custom.examples import (
    INPUT_BUFFER,
    OUTPUT_BUFFER,
    alone,
    triple,
)

Run = Callable[..., bytes]


@pytest.fixture
def run(adapter: Adapter) -> Run:
    """Returns a function that runs packages on one adapter."""

    def on_adapter(
        package: KernelPackage, *inputs: bytes, limits: RunLimits | None = None
    ) -> bytes:
        return run_package(package, inputs, adapter.name, limits)

    return on_adapter


def test_the_output_comes_back_and_the_caller_keeps_its_directory(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.arange(16, dtype="<f4")
    assert run(triple(), x.tobytes()) == (3 * x).tobytes()


def test_what_a_kernel_does_not_write_is_zero_and_lengths_need_no_whole_words(run: Run) -> None:
    output = run(alone("y[1] = 0x04030201u;", size=7))
    assert output == bytes([0, 0, 0, 0, 1, 2, 3])


STAGED = (
    """
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@compute @workgroup_size(4)
fn sums(@builtin(global_invocation_id) at: vec3<u32>) {
    for (var i = 0u; i < 4u; i++) { partial[at.x] += x[4u * at.x + i]; }
}
""",
    """
@group(0) @binding(0) var<storage, read_write> total: f32;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@compute @workgroup_size(1)
fn main() { for (var i = 0u; i < 4u; i++) { total += partial[i]; } }
""",
)


def test_stages_run_in_order_and_share_scratch_that_starts_as_zeros(run: Run) -> None:
    scratch = Buffer(16, Element.F32, Role.SCRATCH)
    package = triple(
        sources=STAGED,
        buffers=(scratch, INPUT_BUFFER, Buffer(4, Element.F32, Role.OUTPUT)),
        stages=(Stage(0, "sums", (1, 1, 1), (1, 0)), Stage(1, "main", (1, 1, 1), (2, 0))),
    )
    x = np.arange(16, dtype="<f4")
    assert run(package, x.tobytes()) == np.float32(120).tobytes()


def test_a_write_outside_the_output_changes_nothing_else(run: Run) -> None:
    assert run(alone("y[0] = 5u; y[1000000u + y[0]] = 7u;", size=4)) in (
        (5).to_bytes(4, "little"),
        # WGSL may move such a write onto any element of the same array.
        (7).to_bytes(4, "little"),
    )


def test_a_child_that_never_answers_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0.0)
    with pytest.raises(DeadlineExceeded):
        run_package(triple(), [bytes(64)], limits=RunLimits(deadline_seconds=0.05))


def test_a_kernel_that_needs_too_much_memory_is_refused(run: Run) -> None:
    large = alone("y[0] = 1u;", size=1 << 26)
    # Lavapipe now and then dies of a failed allocation instead of reporting it.
    with pytest.raises((MemoryExceeded, RunCrashed), match="134217728 bytes"):
        run(large, limits=RunLimits(memory_bytes=1 << 27))


def test_inputs_count_as_memory(run: Run) -> None:
    large = triple(buffers=(Buffer(1 << 26, Element.F32, Role.INPUT), OUTPUT_BUFFER))
    with pytest.raises(MemoryExceeded):
        run(large, bytes(1 << 26), limits=RunLimits(memory_bytes=(1 << 26) + (1 << 10)))


@pytest.mark.parametrize(
    ("package", "told"),
    [
        (alone("nonsense"), "parsing error"),
        (alone("y[0] = f32(1u);"), "type"),
    ],
)
def test_a_shader_that_the_adapter_refuses_is_told(
    run: Run, package: KernelPackage, told: str
) -> None:
    with pytest.raises(ShaderError, match=f"(?is){package.name}.*{told}"):
        run(package, *(bytes(buffer.bytes) for buffer in package.inputs))


def test_an_adapters_limit_is_named_before_anything_is_compiled(run: Run, adapter: Adapter) -> None:
    if adapter.limits["max-compute-workgroups-per-dimension"] >= 65536:
        pytest.skip("this adapter takes every dispatch that a package may ask for")
    with pytest.raises(PackageError) as refused:
        run(alone("nonsense", workgroups=(65536, 1, 1)))
    assert refused.value.reason is Reason.DISPATCH_LIMIT
    assert str(refused.value).count("DispatchLimit") == 1


def test_wrong_inputs_are_refused_without_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(subprocess, "Popen")
    with pytest.raises(PackageError) as refused:
        run_package(triple(), [bytes(60)])
    assert refused.value.reason is Reason.BAD_INPUT


def test_an_unknown_adapter_is_told() -> None:
    with pytest.raises(AdapterUnavailable, match="no such adapter"):
        run_package(triple(), [bytes(64)], "no such adapter")


def test_a_child_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CHILD", "kernels.custom.nothing")
    with pytest.raises(RunCrashed, match=r"status 1.*No module named kernels\.custom\.nothing"):
        run_package(triple(), [bytes(64)])


def test_a_system_that_cannot_contain_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(subprocess, "Popen")
    with pytest.raises(ContainmentUnavailable, match="Linux"):
        run_package(triple(), [bytes(64)])
