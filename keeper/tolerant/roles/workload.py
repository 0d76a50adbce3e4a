"""A task's workload: its kernel and inputs, fetched from its buyer and checked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keeper.data import BlobClient, BlobStore, DataError, InputManifest
from keeper.node.buying.results import Result
from keeper.node.errors import WorkloadError
from keeper.tolerant.decisions.state import Task
from keeper.tolerant.roles.kept_inputs import KeptInputs
from kernels.custom import KernelPackage, Output, PackageError, split
from kernels.custom.package import MAX_PACKAGE_BYTES

MANIFEST_BYTES = 1 << 16


class UnfitTaskError(WorkloadError):
    """The kernel can never be run here for this task, so that trying again is of no use."""


@dataclass(frozen=True, slots=True)
class TaskWorkload:
    """What a task runs: a kernel package, and the bytes of each input."""

    package: KernelPackage
    inputs: tuple[bytes, ...]


async def fetch_package(client: BlobClient, store: BlobStore, task: Task) -> KernelPackage:
    """Returns a task's kernel from a store that has it, or else from its buyer.

    Raises WorkloadError.
    """
    digest = task.kernel.hex()
    try:
        data = store.get(digest)
    except DataError:
        try:
            data = await client.fetch(task.source, digest, MAX_PACKAGE_BYTES)
        except DataError as error:
            raise WorkloadError(
                f"task {task.address}: its kernel cannot be had: {error}"
            ) from error
    try:
        return KernelPackage.from_bytes(data)
    except PackageError as error:
        raise UnfitTaskError(f"task {task.address}: {error}") from error


def result_of(data: bytes, outputs: Sequence[Output]) -> Result:
    """Returns a run's result as the elements of its only output, or of each by its name."""
    parts = [
        (output.name or "", np.frombuffer(part, output.element.numpy))
        for output, part in split(data, outputs)
    ]
    return parts[0][1] if len(parts) == 1 else dict(parts)


async def fetch_workload(client: BlobClient, kept: KeptInputs, task: Task) -> TaskWorkload:
    """Returns a task's workload; large inputs come from `kept` where an earlier task brought them.

    Raises WorkloadError when it cannot be had from the buyer, UnfitTaskError when it is malformed
    or is not what the task says.
    """
    name = f"task {task.address}"
    try:
        data = await client.fetch(task.source, task.kernel.hex(), MAX_PACKAGE_BYTES)
        listed = await client.fetch(task.source, task.input.hex(), MANIFEST_BYTES)
    except DataError as error:
        raise WorkloadError(f"{name}: {error}") from error
    try:
        package, manifest = KernelPackage.from_bytes(data), InputManifest.from_bytes(listed)
    except (PackageError, DataError) as error:
        raise UnfitTaskError(f"{name}: {error}") from error
    offer = (task.output_bytes, task.element, task.tolerance)
    if (package.output_bytes, package.element, package.tolerance) != offer:
        raise UnfitTaskError(f"{name}: outputs and tolerance are not those of its kernel")
    if len(manifest.inputs) != len(package.inputs):
        raise UnfitTaskError(
            f"{name}: {len(manifest.inputs)} inputs for {len(package.inputs)} of its kernel"
        )
    try:
        inputs = [
            await kept.fetch(client, task.source, digest, buffer.bytes)
            for digest, buffer in zip(manifest.inputs, package.inputs, strict=True)
        ]
        package.check_inputs(inputs)
    except DataError as error:
        raise WorkloadError(f"{name}: {error}") from error
    except PackageError as error:
        raise UnfitTaskError(f"{name}: {error}") from error
    return TaskWorkload(package, tuple(inputs))
