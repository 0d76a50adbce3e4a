"""Packages of whole networks: hundreds of sources and stages, and layers that share a source."""

from collections.abc import Sequence

import numpy as np

from kernels.custom import Buffer, Element, KernelPackage, Role, Stage, Tolerance, run_package
from kernels.runtime import Adapter

CHANNELS = 64


def layer(number: int) -> str:
    """Returns a source that is unlike all others: y = x + number, for `number` elements."""
    return f"""@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    if (id.x < {number}u) {{ y[id.x] = x[id.x] + {number}.0; }}
}}
"""


def chain(sources: Sequence[str]) -> KernelPackage:
    """Returns the sources one after the other, between two scratch buffers."""
    words = 4 * len(sources)
    first = Buffer(words, Element.F32, Role.OUTPUT)
    scratch = Buffer(words, Element.F32, Role.SCRATCH)
    # The last one writes the output.
    turns = [(0, 1) if (len(sources) - at) % 2 == 0 else (1, 0) for at in range(len(sources))]
    stages = [
        Stage(at, "main", (-(-len(sources) // 64), 1, 1), turn) for at, turn in enumerate(turns)
    ]
    return KernelPackage("chain", tuple(sources), (first, scratch), tuple(stages), Tolerance())


def test_three_hundred_different_stages_run_in_the_child(adapter: Adapter) -> None:
    count = 320
    package = chain([layer(number) for number in range(1, count + 1)])
    assert KernelPackage.from_bytes(package.canonical) == package
    output = np.frombuffer(run_package(package, [], adapter.name), np.float32)
    buffers = [np.zeros(count, np.float32), np.zeros(count, np.float32)]
    for number, stage in enumerate(package.stages, 1):
        source, target = (buffers[at] for at in stage.bindings)
        target[:number] = source[:number] + np.float32(number)
    np.testing.assert_array_equal(output, buffers[0])


def test_layers_share_a_source_and_bind_their_part_of_the_weights(adapter: Adapter) -> None:
    layers = 24
    source = f"""@group(0) @binding(0) var<storage, read> scale: array<f32, {CHANNELS}>;
@group(0) @binding(1) var<storage, read> bias: array<f32, {CHANNELS}>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    y[id.x] = scale[id.x] * y[id.x] + bias[id.x];
}}
"""
    weights = np.random.default_rng(3).integers(-1, 2, (layers, 2, CHANNELS)).astype(np.float32)
    stages = [
        Stage(
            0,
            "main",
            (1, 1, 1),
            (0, 0, 1),
            (2 * at * 4 * CHANNELS, (2 * at + 1) * 4 * CHANNELS, 0),
        )
        for at in range(layers)
    ]
    package = KernelPackage(
        "shared",
        (source,),
        (
            Buffer(weights.nbytes, Element.F32, Role.INPUT),
            Buffer(4 * CHANNELS, Element.F32, Role.OUTPUT),
        ),
        tuple(stages),
        Tolerance(),
    )
    expected = np.zeros(CHANNELS, np.float32)
    for scale, bias in weights:
        expected = scale * expected + bias
    output = run_package(package, [weights.tobytes()], adapter.name)
    np.testing.assert_array_equal(np.frombuffer(output, np.float32), expected)
