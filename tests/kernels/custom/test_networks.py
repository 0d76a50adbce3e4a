"""Packages of many sources, and layers that share a source.

Hundreds of sources run as a task in tests/keeper/tolerant/roles/test_networks_on_localnet.py.
"""

import numpy as np

from kernels.custom import Buffer, Element, KernelPackage, Role, Stage, Tolerance, run_package
from kernels.runtime import Adapter
from tests.kernels.custom.examples import computed, network

CHANNELS = 64


def test_forty_different_stages_run_in_the_child(adapter: Adapter) -> None:
    package, weights = network(40)
    assert KernelPackage.from_bytes(package.canonical) == package
    output = run_package(package, [weights.tobytes()], adapter.name)
    np.testing.assert_array_equal(np.frombuffer(output, np.float32), computed(weights, 40))


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
