"""Measures how many neighbouring invocations are certain to share a subgroup."""

from typing import Any

import numpy as np
import wgpu

from kernels.runtime import Adapter

INVOCATIONS = 64
SOURCE = """
@group(0) @binding(0) var<storage, read_write> found: array<vec2<u32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_size) size: u32,
    @builtin(subgroup_invocation_id) place: u32,
) {
    found[lane] = vec2(size, place);
}
"""


def subgroup_size(adapter: Adapter, device: Any) -> int:
    """Returns a subgroup size that every pipeline reaches, or 0 where invocations are not in order.

    Drivers may choose another size per pipeline, above the minimum that they report. A driver on
    the CPU reports no minimum of its own and has only one size.
    """
    pipeline = device.create_compute_pipeline(
        layout="auto",
        compute={"module": device.create_shader_module(code=SOURCE), "entry_point": "main"},
    )
    buffer = device.create_buffer(
        size=8 * INVOCATIONS, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
    )
    encoder = device.create_command_encoder()
    compute = encoder.begin_compute_pass()
    compute.set_pipeline(pipeline)
    compute.set_bind_group(
        0,
        device.create_bind_group(
            layout=pipeline.get_bind_group_layout(0),
            entries=[{"binding": 0, "resource": {"buffer": buffer}}],
        ),
    )
    compute.dispatch_workgroups(1)
    compute.end()
    device.queue.submit([encoder.finish()])
    found = np.frombuffer(device.queue.read_buffer(buffer), "<u4").reshape(-1, 2)
    buffer.destroy()
    size = int(found[:, 0].min())
    if size == 0 or (found[:, 1] != np.arange(INVOCATIONS) % size).any():
        return 0
    if adapter.type == "CPU":
        return size
    # wgpu-native renames every "sub" of these two keys to "stack".
    reported = adapter.handle.info.get("stackgroup_min_size", 0)
    return min(size, int(adapter.handle.info.get("subgroup_min_size", reported)))
