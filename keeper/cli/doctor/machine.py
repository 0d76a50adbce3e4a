"""What this machine needs: an adapter, room on the disk, a folder and a journal in order."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from keeper.cli.doctor.checks import Check, DoctorRole, Stage, Subject, examines
from keeper.compute import SelfTestError, self_test
from keeper.errors import KeeperError
from keeper.node.folder import ChainRecordError, OtherChainError, folder_of
from keeper.node.services import abandoned_operations
from kernels.runtime import AdapterUnavailable, GpuExecutor, select_adapter

MIB = 1 << 20
MIN_FREE_BYTES = 1 << 28
"""Room that a role without a data server needs."""


@examines(Stage.MACHINE, DoctorRole.PROVIDER)
async def adapter(subject: Subject) -> AsyncIterator[Check]:
    """Checks that there is an adapter, and that it gives the reference's bits."""
    try:
        found = select_adapter(subject.options.adapter)
        report = self_test(GpuExecutor(found))
    except AdapterUnavailable as error:
        advice = "install a driver, or run with NumPy: neurolov provider run --executor auto"
        yield Check("adapter", False, str(error), advice)
        return
    except SelfTestError as error:
        yield Check("adapter", False, str(error), "update the driver or choose another adapter")
        return
    limits = ", ".join(f"{key} {value:,}" for key, value in sorted(found.limits.items()))
    rate = report.macs_per_second / 1e6
    detail = f"{found.name} ({found.backend}, {found.type}): {report.operators} operators bit-equal"
    yield Check("adapter", True, f"{detail}, {rate:,.0f} million multiply-adds per second")
    yield Check("limits", True, limits)


@examines(Stage.MACHINE)
async def disk(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the folder's disk has room: for the whole quota where the role serves data."""
    folder, quota = subject.options.settings.folder, subject.options.quota_bytes
    existing = next(path for path in _with_parents(folder) if path.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free // MIB:,} MiB free at {existing}"
    if not subject.is_any_of(DoctorRole.PROVIDER, DoctorRole.VERIFIER, DoctorRole.BUYER):
        yield Check("disk", free >= MIN_FREE_BYTES, detail, f"free {MIN_FREE_BYTES // MIB} MiB")
        return
    used = _used(folder)
    needed = max(MIN_FREE_BYTES, quota - used)
    missing = -(-(needed - free) // MIB)
    yield Check(
        "disk",
        free >= needed,
        f"{detail}, {used // MIB:,} of the quota's {quota // MIB:,} MiB used",
        f"free {missing:,} MiB, or run with --quota {max(0, free + used - MIN_FREE_BYTES)}",
    )


@examines(Stage.CLUSTER)
async def folder(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the folder belongs to the cluster's chain, and that its journal is in order."""
    settings = subject.options.settings
    try:
        own = folder_of(settings.folder, subject.genesis, settings.url, fresh=settings.fresh)
    except (OtherChainError, ChainRecordError) as error:
        yield Check("folder", False, str(error))
        return
    yield Check("folder", True, str(own))
    yield journal_check(own)


def journal_check(own: Path) -> Check:
    """Checks that the journal of a chain's folder can be read, and that nothing was left open."""
    try:
        abandoned = len(abandoned_operations(own))
    except KeeperError as error:
        return Check("journal", False, str(error))
    advice = "any command that signs brings them to their end, such as: neurolov stake open"
    detail = f"operations that nobody brings to their end: {abandoned or 'none'}"
    return Check("journal", not abandoned, detail, advice)


def _with_parents(folder: Path) -> Iterator[Path]:
    yield folder.absolute()
    yield from folder.absolute().parents


def _used(folder: Path) -> int:
    """Returns the bytes of the blobs in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("blobs/**/*") if path.is_file())
