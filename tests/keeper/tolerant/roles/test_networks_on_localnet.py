"""A network of hundreds of kernels as a task, and the next task with the same weights."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from keeper.data import digest_of
from keeper.tolerant.decisions.codes import TaskState
from kernels.custom import KernelPackage, run_package
from tests.keeper.tolerant.roles.rig import TERMS, TaskRig, needs_adapter, on_rig
from tests.kernels.custom.examples import computed, network

pytestmark = needs_adapter

STAGES = 310


@cache
def executed() -> bytes:
    package, weights = network(STAGES)
    return run_package(package, [weights.tobytes()])


def honest(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
    """Runs the network in its child, once for all providers."""
    wanted, weights = network(STAGES)
    assert (package, tuple(inputs)) == (wanted, (weights.tobytes(),))
    return executed()


def test_a_network_is_paid_for_and_its_weights_come_once(tmp_path: Path) -> None:
    package, weights = network(STAGES)
    data = weights.tobytes()
    np.testing.assert_array_equal(np.frombuffer(executed(), np.float32), computed(weights, STAGES))

    async def story(rig: TaskRig) -> None:
        providers = [rig.provider(number, honest) for number in range(3)]
        roles = [*providers, rig.crank()]
        for _ in range(2):
            await rig.post(TERMS, package, [data])
            await rig.play(roles, rig.ended)
            assert rig.found.state is TaskState.SETTLED
            # Whoever fetched them for the first task needs no server for the second.
            rig.storages["buyer"].store.remove(digest_of(data))

    on_rig(tmp_path, story)
