"""Providers of tasks need room in their store before they take part, and give it back."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from keeper.data import ReservationKind
from keeper.data.sealing import sealed_bytes
from keeper.node.decisions.actions import Wait
from keeper.tolerant.decisions.actions import Join, RunKernel
from keeper.tolerant.decisions.codes import TaskState
from kernels.custom import KernelPackage
from tests.keeper.tolerant.roles.rig import PROVIDERS, TaskRig, on_rig
from tests.kernels.custom.examples import triple

OUTPUT_BYTES = triple().output_bytes


def fill(rig: TaskRig, number: int, left: int = 0) -> None:
    store = rig.storages[PROVIDERS[number]].store
    store.reservation(ReservationKind.JOBS, "other").reserve(store.free_bytes - left)


def reservations(rig: TaskRig, number: int) -> list[str]:
    return [
        reservation.name
        for reservation in rig.storages[PROVIDERS[number]].store.reservations(ReservationKind.TASKS)
    ]


def runs(folder: Path) -> list[Path]:
    """What the vaults hold."""
    return list(folder.glob("*/runs/*"))


def zeros(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
    return bytes(package.output_bytes)


def test_c7_a_task_without_room_is_neither_run_nor_joined(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post()
        needed = 2 * sealed_bytes(OUTPUT_BYTES)
        fill(rig, 0, left=needed - 1)
        provider = rig.provider(0, zeros)
        await rig.play([provider], lambda: len(rig.actions(RunKernel)) == 2)
        assert rig.actions(Join) == []
        assert reservations(rig, 0) == []
        assert runs(tmp_path) == []
        rig.storages[PROVIDERS[0]].store.reservation(ReservationKind.JOBS, "other").release()
        fill(rig, 0, left=needed)
        await rig.play([provider], lambda: len(rig.actions(Join)) == 1)
        assert reservations(rig, 0) == [str(rig.task)]
        assert rig.storages[PROVIDERS[0]].store.free_bytes == 0

    on_rig(tmp_path, story)


def test_outputs_that_were_paid_for_are_retained_and_others_dropped(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        def wrong(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
            return b"\x42" * package.output_bytes

        await rig.post()
        buyer = rig.buyer()
        buyer.keep.add(rig.task)
        providers = [
            rig.provider(0, zeros), rig.provider(1, zeros), rig.provider(2, wrong)
        ]  # fmt: skip
        await rig.play([*providers, rig.crank(), buyer], rig.ended)
        assert rig.found.state is TaskState.SETTLED
        for provider in providers:
            await provider.tidy(rig.mirror.view)
        assert [reservations(rig, number) for number in range(3)] == [
            [str(rig.task)],
            [str(rig.task)],
            [],
        ]
        # What is in the vault for a commitment is of no use any more.
        assert runs(tmp_path) == []
        for number in range(2):
            store = rig.storages[PROVIDERS[number]].store
            (reservation,) = store.reservations(ReservationKind.TASKS)
            assert (reservation.until is not None, store.used_bytes) == (
                True,
                sealed_bytes(OUTPUT_BYTES),
            )
            assert store.free_bytes == store.quota_bytes - store.used_bytes
        late = rig.storages[PROVIDERS[0]].store.clock() + 24 * 3600 + 60
        rig.storages[PROVIDERS[0]].store.clock = lambda: late
        await providers[0].tidy(rig.mirror.view)
        assert (reservations(rig, 0), rig.storages[PROVIDERS[0]].tasks.jobs()) == ([], [])

    on_rig(tmp_path, story)


def test_c8_a_kernel_runs_beside_the_loop(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        ends = Event()

        def held(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
            assert ends.wait(60)
            return zeros(package, inputs)

        await rig.post()
        provider = rig.provider(0, held)
        await provider.recover()
        assert await provider.step() == RunKernel(rig.task)
        assert isinstance(await provider.step(), Wait)
        assert provider.running == {RunKernel(rig.task)}
        # Nothing that is under way is dropped.
        assert list(reservations(rig, 0)) in ([], [str(rig.task)])
        ends.set()
        await provider.settle()
        assert provider.running == frozenset()
        assert reservations(rig, 0) == [str(rig.task)]

    on_rig(tmp_path, story)
