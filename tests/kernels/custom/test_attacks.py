"""Attacks by a hostile package, with the numbers of the threat model."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kernels.custom import (
    Buffer,
    DeadlineExceeded,
    Element,
    KernelPackage,
    PackageError,
    Reason,
    Role,
    RunLimits,
    Stage,
    Tolerance,
    run_package,
)
from kernels.custom.program import Program
from kernels.custom.validation import MAX_TURNS, loops
from kernels.runtime import Adapter
from tests.kernels.custom.examples import (
    INPUT_BUFFER,
    OUTPUT,
    STAGE,
    alone,
    single,
    triple,
)

CANARY = 0xC0FFEE11
ENDLESS = {
    "loop": "loop { y[0] += 1u; }",
    "while": "while true { y[0] += 1u; }",
    "for": "for (;;) { y[0] += 1u; }",
    "continuing": "loop { continue; continuing { y[0] += 1u; } }",
    "nested": "loop { loop { y[0] += 1u; } }",
    "called": "while f() > 0u { y[0] += 1u; }",
}
CALLED = "fn f() -> u32 { loop { y[0] |= 1u; if y[0] == 0u { break; } } return 1u; }"


@pytest.fixture
def device(adapter: Adapter) -> Iterator[Any]:
    """An open device in this process."""
    opened = adapter.request_device()
    yield opened
    opened.destroy()


def words(output: bytes) -> list[int]:
    found: list[int] = np.frombuffer(output, "<u4").tolist()
    return found


def test_attack_33_every_form_of_an_endless_loop_ends_at_the_bound(adapter: Adapter) -> None:
    """Each form has an entry point of its own; all of them are stages of one package."""
    entries = "".join(
        f"@compute @workgroup_size(1) fn {name}_() {{ {body} y[1] += 1u; }}\n"
        for name, body in ENDLESS.items()
    )
    package = replace(
        single(f"{OUTPUT}{CALLED}\n{entries}", size=8),
        stages=tuple(Stage(0, f"{name}_", (1, 1, 1), (0,)) for name in ENDLESS),
    )
    turns, ended = words(run_package(package, [], adapter.name))
    assert ended == len(ENDLESS)
    assert 0 < turns <= MAX_TURNS * len(ENDLESS)


@pytest.mark.parametrize("form", ENDLESS)
def test_attack_33_the_bound_itself_ends_the_loop(
    device: Any, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The bound is far below the limit at which an adapter may stop a loop on its own."""
    monkeypatch.setattr(loops, "MAX_TURNS", 100)
    package = alone(ENDLESS[form] + " y[1] = 1u;", size=8, before=CALLED)
    program = Program(device, package)
    turns, ended = words(program.run([]))
    program.release()
    assert ended == 1
    assert 0 < turns <= 100


def test_attack_33_endless_work_is_killed_at_its_deadline_and_the_next_job_runs(
    adapter: Adapter,
) -> None:
    body = "for (var i = 0u; i < 60000u; i++) { y[0] = y[0] * 3u + i; }"
    with pytest.raises(DeadlineExceeded, match=r"killed after 3\.0 s"):
        run_package(
            alone(body, workgroups=(65535, 60000, 1)), [], adapter.name, RunLimits(3.0, 1 << 30)
        )
    assert run_package(alone("y[0] = 7u;"), [], adapter.name) == (7).to_bytes(4, "little")


def guarded(body: str) -> KernelPackage:
    """Runs `body` on x, private and shared arrays, between buffers that hold canaries.

    The canaries are scratch buffers that stage `before` fills and stage `after` compares.
    """
    source = f"""
@group(0) @binding(0) var<storage, read_write> low: array<u32, 64>;
@group(0) @binding(1) var<storage, read_write> x: array<u32, 64>;
@group(0) @binding(2) var<storage, read_write> high: array<u32, 64>;
@group(0) @binding(3) var<storage, read_write> y: array<u32, 4>;
@group(0) @binding(4) var<storage, read> far: array<i32, 16>;
var<workgroup> shared_canary: array<u32, 16>;
var<workgroup> shared_words: array<u32, 4>;
var<workgroup> counter: array<atomic<u32>, 4>;
var<private> own_canary: array<u32, 16>;
var<private> own: array<u32, 4>;
@compute @workgroup_size(64)
fn before(@builtin(local_invocation_index) at: u32) {{
    low[at] = {CANARY}u;
    high[at] = {CANARY}u;
}}
@compute @workgroup_size(1)
fn attack() {{
    for (var i = 0u; i < 16u; i++) {{
        shared_canary[i] = {CANARY}u;
        own_canary[i] = {CANARY}u;
    }}
    for (var i = 0u; i < 16u; i++) {{ {body} }}
    for (var i = 0u; i < 16u; i++) {{
        if shared_canary[i] != {CANARY}u || own_canary[i] != {CANARY}u {{ y[1] += 1u; }}
    }}
}}
@compute @workgroup_size(1)
fn after() {{
    for (var i = 0u; i < 64u; i++) {{
        if low[i] != {CANARY}u || high[i] != {CANARY}u {{ y[2] += 1u; }}
    }}
    y[3] = 1u;
}}
"""
    scratch = Buffer(256, Element.BYTES, Role.SCRATCH)
    buffers = (
        *(scratch, scratch, scratch),
        Buffer(16, Element.BYTES, Role.OUTPUT),
        Buffer(64, Element.I32, Role.INPUT),
    )
    every = tuple(range(5))
    return KernelPackage(
        name="guarded",
        sources=(source,),
        buffers=buffers,
        stages=tuple(Stage(0, name, (1, 1, 1), every) for name in ("before", "attack", "after")),
        tolerance=Tolerance(),
    )


OUTSIDE = {
    "reads": "if x[far[i]] == {c}u || own[far[i]] == {c}u || shared_words[far[i]] == {c}u "
    "{{ y[0] += 1u; }}",
    "writes": "x[far[i]] = 1u; own[far[i]] = 2u; shared_words[far[i]] = 3u;",
    "atomics": "atomicAdd(&counter[far[i]], 5u); atomicExchange(&counter[far[i]], 9u);",
    "float indices": "x[u32(bitcast<f32>(far[i]))] = 1u; own[i32(-bitcast<f32>(far[i]))] = 2u;",
    "pointers": "let p = &x; let q = &own; (*p)[far[i]] = 1u; (*q)[far[i]] = (*p)[far[i]];",
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_attack_34_indices_out_of_bounds_leave_canaries_intact(adapter: Adapter, kind: str) -> None:
    package = guarded(OUTSIDE[kind].format(c=CANARY))
    near = [4, 5, 8, 63, 64, 65, 127, 128, -1, -2, -64, -65]
    far = np.array([*near, 2**20, 2**31 - 1, -(2**31), 0x7FC00000], np.int64).astype("<i4")
    seen, own, buffers, ended = words(run_package(package, [far.tobytes()], adapter.name))
    assert (seen, own, buffers, ended) == (0, 0, 0, 1)


UNWRITTEN = """
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<storage, read_write> scratch: array<u32>;
var<workgroup> group_words: array<u32, 256>;
var<private> own: array<u32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    var local: array<u32, 64>;
    var seen = scratch[at.x] | y[at.x];
    for (var i = 0u; i < 64u; i++) { seen |= own[i] | local[i]; }
    for (var i = 0u; i < 256u; i++) { seen |= group_words[i]; }
    y[at.x] = seen;
}
"""
TENANT = """
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<storage, read_write> scratch: array<u32>;
var<workgroup> group_words: array<u32, 256>;
var<private> own: array<u32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    var local: array<u32, 64>;
    for (var i = 0u; i < 64u; i++) { own[i] = CANARYu; local[i] = CANARYu; }
    for (var i = 0u; i < 256u; i++) { group_words[i] = CANARYu; }
    scratch[at.x] = CANARYu;
    y[at.x] = own[at.x % 64u] & local[at.x % 64u] & group_words[at.x % 256u];
}
"""


def test_attack_35_uninitialised_memory_is_zero_and_holds_nothing_of_an_earlier_tenant(
    adapter: Adapter,
) -> None:
    size = 1 << 12
    tenant = KernelPackage(
        name="tenant",
        sources=(TENANT.replace("CANARY", str(CANARY)),),
        buffers=(
            Buffer(size, Element.BYTES, Role.OUTPUT),
            Buffer(size, Element.BYTES, Role.SCRATCH),
        ),
        stages=(Stage(0, "main", (size // 256, 1, 1), (0, 1)),),
        tolerance=Tolerance(),
    )
    assert set(words(run_package(tenant, [], adapter.name))) == {CANARY}
    nosy = replace(tenant, name="nosy", sources=(UNWRITTEN,))
    assert run_package(nosy, [], adapter.name) == bytes(size)


SHARED = {
    "array": ("array<u32, 64>", "w[at]"),
    "nested arrays": ("array<array<u32, 8>, 8>", "w[at / 8u][at % 8u]"),
    "atomics": ("array<atomic<u32>, 64>", "atomicLoad(&w[at])"),
    "nested atomics": ("array<array<atomic<u32>, 8>, 8>", "atomicLoad(&w[at / 8u][at % 8u])"),
    "one atomic": ("atomic<i32>", "u32(atomicLoad(&w))"),
    "a vector": ("vec4<u32>", "w[at % 4u]"),
    "a struct": ("S", "w.a | w.b[at % 4u] | atomicLoad(&w.c[at % 3u])"),
    "structs": ("array<S, 3>", "w[at % 3u].a | atomicLoad(&w[at % 3u].c[at % 3u])"),
    "an alias": ("A", "w[at]"),
}
TYPES = "struct S { a: u32, b: vec4<u32>, c: array<atomic<u32>, 3> } alias A = array<u32, N>; "
LANES = {
    "no builtin": ("", "let at = 63u;"),
    "own builtin": ("@builtin(local_invocation_index) at: u32", ""),
    "in a struct": ("given: Given", "let at = given.at;"),
}


@pytest.mark.parametrize("lane", LANES)
def test_attack_35_workgroup_memory_of_every_type_is_cleared_between_tenants_of_one_device(
    device: Any, lane: str
) -> None:
    parameters, named = LANES[lane]
    given = "struct Given { @builtin(local_invocation_index) at: u32, }"
    for kind, read in SHARED.values():
        for package in (
            alone(
                f"for (var i = 0u; i < 512u; i++) {{ w[i] = {CANARY}u; y[i] = w[i]; }}",
                size=2048,
                before="var<workgroup> w: array<u32, 512>;",
            ),
            single(
                f"{OUTPUT}const N = 64u; {TYPES} {given} var<workgroup> w: {kind}; @compute "
                f"@workgroup_size(64) fn main({parameters}) {{ {named} y[at] = {read}; }}",
                size=256,
            ),
        ):
            program = Program(device, package)
            output = program.run([])
            program.release()
        assert (kind, output) == (kind, bytes(256))


@pytest.mark.parametrize(
    ("reason", "package"),
    [
        (
            Reason.MEMORY_LIMIT,
            triple(
                buffers=(INPUT_BUFFER, Buffer(1 << 30, Element.F32, Role.OUTPUT)),
            ),
        ),
        (
            Reason.MEMORY_LIMIT,
            triple(
                buffers=(*triple().buffers, *[Buffer(1 << 28, Element.F32, Role.SCRATCH)] * 5),
                stages=(replace(STAGE, bindings=tuple(range(7))),),
            ),
        ),
        (Reason.DISPATCH_LIMIT, alone("y[0] = 1u;", workgroups=(65535, 65535, 2))),
        (Reason.BUFFER_LIMIT, single(OUTPUT.replace("array<u32>", "array<u32, 4294967295>")
            + "@compute @workgroup_size(1) fn main() {}")),
        (Reason.WORKGROUP_LIMIT, single(OUTPUT + "@compute @workgroup_size(4096) fn main() {}")),
    ],
)  # fmt: skip
def test_attack_36_oversized_buffers_and_dispatches_are_refused_before_compile(
    monkeypatch: pytest.MonkeyPatch, reason: Reason, package: KernelPackage
) -> None:
    monkeypatch.delattr(subprocess, "Popen")
    with pytest.raises(PackageError) as refused:
        run_package(
            package,
            [bytes(buffer.bytes) for buffer in package.inputs],
            limits=RunLimits(memory_bytes=1 << 30),
        )
    assert refused.value.reason is reason
