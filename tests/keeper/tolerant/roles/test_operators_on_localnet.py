"""Runs that an operator's key executes for an owner's stake, and runs of too many providers."""

from pathlib import Path

from keeper.tolerant.decisions.actions import CloseJoining, CommitRun, Join
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.roles.role import TaskRole
from neurolov_client import staking
from tests.keeper.tolerant.roles.rig import (
    OPERATORS,
    PROVIDERS,
    STAKE,
    TERMS,
    TaskRig,
    drifting,
    needs_adapter,
    on_rig,
)

pytestmark = needs_adapter

FIRST, SECOND = OPERATORS
EARNED = TERMS.price - -(-TERMS.price * 500 // 10_000)
EXPOSED = 10 * TERMS.price + TERMS.price // 2


async def position_of(rig: TaskRig, number: int) -> staking.Position:
    address = staking.position_address(rig.owner(PROVIDERS[number]))
    found = await rig.services.gateway.fetch(staking.Position, address)
    assert found is not None
    return found


def test_an_operator_runs_tasks_and_the_owner_earns(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        before = await rig.balances()
        await rig.appoint(0, FIRST, EXPOSED)
        await rig.post()
        roles: list[TaskRole] = [
            rig.provider(0, operator=FIRST),
            rig.provider(1, drifting(1)),
            rig.provider(2, drifting(2)),
        ]
        await rig.play(roles, lambda: rig.found.state is TaskState.RUNNING)
        held = await position_of(rig, 0)
        assert (held.operator_exposed, held.operator_budget) == (EXPOSED, EXPOSED)
        roles.append(rig.crank())
        await rig.play([*roles, rig.buyer()], rig.closed)
        after = await rig.balances()
        names = (PROVIDERS[0], FIRST)
        assert [after.named[name] - before.named[name] for name in names] == [EARNED, 0]
        held = await position_of(rig, 0)
        assert (held.amount, held.exposed, held.operator_exposed) == (STAKE, 0, 0)

    on_rig(tmp_path, story)


def test_an_operator_without_budget_runs_nothing(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.appoint(0, FIRST, EXPOSED - 1)
        await rig.post()
        await rig.play([rig.provider(0, operator=FIRST), rig.crank()], rig.ended)
        assert rig.actions(Join) == []
        assert rig.found.state is TaskState.CANCELLED

    on_rig(tmp_path, story)


def test_another_operator_finishes_the_run_in_flight(tmp_path: Path) -> None:
    """The new key works with the same folder; the one that it replaces can do nothing more."""

    async def story(rig: TaskRig) -> None:
        before = await rig.balances()
        await rig.appoint(0, FIRST, EXPOSED)
        await rig.post()
        others: list[TaskRole] = [rig.provider(1, drifting(1)), rig.provider(2, drifting(2))]
        replaced = rig.provider(0, operator=FIRST)
        await rig.play([replaced, *others], lambda: rig.found.state is TaskState.RUNNING)
        await rig.appoint(0, SECOND, 0)
        committed = len(rig.actions(CommitRun))
        await replaced.step()
        await rig.mirror.refresh()
        own = rig.found.run_of(rig.owner(PROVIDERS[0]))
        assert own is not None
        assert own.state.name == "JOINED"
        assert len(rig.actions(CommitRun)) == committed
        roles = [rig.provider(0, operator=SECOND), *others, rig.crank()]
        await rig.play([*roles, rig.buyer()], rig.closed)
        after = await rig.balances()
        names = (PROVIDERS[0], FIRST, SECOND)
        assert [after.named[name] - before.named[name] for name in names] == [EARNED, 0, 0]
        assert (await position_of(rig, 0)).exposed == 0

    on_rig(tmp_path, story)


def test_the_last_of_four_is_freed_by_the_crank(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post(TaskOffer(price=TERMS.price, tip=TERMS.tip, n=5, max_runs=5))
        roles: list[TaskRole] = [rig.provider(number) for number in range(4)]
        await rig.play([*roles, rig.crank()], lambda: rig.found.state is TaskState.RUNNING)
        assert len(rig.actions(CloseJoining)) == 1
        assert (len(rig.found.runs), rig.found.n, rig.found.k) == (3, 3, 2)
        assert sorted(rig.free_stake(number) for number in range(4)) == [
            *[STAKE - EXPOSED] * 3,
            STAKE,
        ]
        await rig.play([*roles, rig.crank(), rig.buyer()], rig.closed)
        assert [rig.free_stake(number) for number in range(5)] == [STAKE] * 5

    on_rig(tmp_path, story)
