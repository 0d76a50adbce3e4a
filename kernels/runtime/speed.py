"""Measures how fast an adapter computes int8 products, which are most of the work."""

from time import perf_counter
from typing import Any

from kernels.exact import operators
from kernels.graph import Descriptor, GraphBuilder, Opcode
from kernels.runtime.adapter import Adapter, losses
from kernels.runtime.pipelines import bind_group
from kernels.runtime.pool import STORAGE
from kernels.runtime.shader import load_shader
from kernels.tuning import specialise

# The key in the cache. A different way of measuring needs a different key.
SPEED = "int8 multiply-adds a second, squares from 256"
SMALLEST, LARGEST = 256, 2048
LONG_ENOUGH_SECONDS = 5e-3


def measure_speed(adapter: Adapter) -> float:
    """Returns int8 multiply-adds per second of a matrix product with its default constants.

    The size of the matrices doubles until one product takes long enough to be timed. This takes
    some tens of milliseconds besides compiling. Raises DeviceLost when the device fails.
    """
    with losses(adapter.name):
        device = adapter.request_device()
        shader, product = load_shader(Opcode.MATMUL), operators()[Opcode.MATMUL]
        point = shader.space.default
        size, rate, seconds = SMALLEST, 0.0, 0.0
        while size <= LARGEST and seconds < LONG_ENOUGH_SECONDS:
            descriptor = _square(size)
            constants = {**product.constants(descriptor), **point}
            module = device.create_shader_module(code=specialise(shader.source, constants))
            pipeline = device.create_compute_pipeline(
                layout="auto", compute={"module": module, "entry_point": shader.entry_point}
            )
            groups = product.groups(descriptor, point)
            seconds = _seconds(device, pipeline, descriptor, groups)
            rate = descriptor.multiply_adds / seconds
            size *= 2
        device.destroy()
    return rate


def _seconds(device: Any, pipeline: Any, descriptor: Descriptor, groups: int) -> float:
    rows = descriptor.output_shape[2]
    sizes = [256, 4 * rows * rows, rows * rows, rows * rows, 256]
    buffers = [device.create_buffer(size=size, usage=STORAGE) for size in sizes]
    device.queue.write_buffer(buffers[0], 0, descriptor.encode())
    bindings = bind_group(device, pipeline, [{"buffer": buffer} for buffer in buffers])
    seconds = 0.0
    # The first run compiles.
    for _ in range(2):
        started = perf_counter()
        encoder = device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(pipeline)
        compute.set_bind_group(0, bindings)
        compute.dispatch_workgroups(groups)
        compute.end()
        device.queue.submit([encoder.finish()])
        device.queue.read_buffer(buffers[1], 0, 4)
        seconds = perf_counter() - started
    for buffer in buffers:
        buffer.destroy()
    return seconds


def _square(size: int) -> Descriptor:
    build = GraphBuilder()
    build.matmul(build.input((size, size)), build.input((size, size)))
    return build.build().descriptors[0]
