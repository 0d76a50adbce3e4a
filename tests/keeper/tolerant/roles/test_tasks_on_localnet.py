"""Whole tasks with real programs, real data servers and real runs, slot by slot."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from keeper.node.services import Storage
from keeper.tolerant.decisions.actions import (
    CloseJoining,
    CommitRun,
    ExpireRun,
    FetchRivals,
    Join,
    RevealRun,
    RunKernel,
    TellAgreement,
)
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.roles.role import TaskRole
from kernels.custom import DeadlineExceeded
from tests.keeper.tolerant.roles.stage import (
    PROVIDERS,
    STAKE,
    TERMS,
    TaskStage,
    drifting,
    lying,
    needs_adapter,
    on_stage,
)

pytestmark = needs_adapter

FEE = -(-TERMS.price * 500 // 10_000)
EARNED = TERMS.price - FEE
BOND = TERMS.price // 10


def paid(stage: TaskStage) -> list[str]:
    names = {stage.owner(name): name for name in PROVIDERS}
    return sorted(names[run.provider] for run in stage.found.paid_runs)


def test_two_honest_are_paid_and_the_liar_is_not(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        before = await stage.balances()
        await stage.post()
        roles = [
            stage.provider(0),
            stage.provider(1, drifting(2)),
            stage.provider(2, lying(1)),
            stage.crank(),
        ]
        await stage.play(roles, stage.ended)
        assert stage.found.state is TaskState.SETTLED
        assert paid(stage) == list(PROVIDERS[:2])
        roots = {run.root for run in stage.found.runs}
        assert len(roots) == 3
        buyer = stage.buyer()
        await stage.play([*roles, buyer], stage.closed)
        after = await stage.balances()
        earned = {name: after.named[name] - before.named[name] for name in before.named}
        assert [earned[name] for name in PROVIDERS[:3]] == [EARNED, EARNED, 0]
        assert [stage.free_stake(number) for number in range(3)] == [STAKE] * 3
        # the crank's step is the decision; nothing but prices, its tip and the fee is spent
        posting_fee = stage.mirror.view.posting_fee
        assert earned["crank"] == TERMS.tip
        assert earned["buyer"] == -(2 * TERMS.price + TERMS.tip + posting_fee)
        assert earned["fee vaults"] == 2 * FEE
        assert after.named["job vaults"] == 0
        assert after.total == after.supply == before.supply - posting_fee

    on_stage(tmp_path, story)


def test_all_disagree_and_two_more_decide(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        await stage.post()
        first = [stage.provider(0), stage.provider(1, lying(1)), stage.provider(2, lying(2))]
        everybody = [*first, stage.crank()]
        await stage.play(everybody, lambda: stage.found.round == 2)
        assert (stage.found.n, stage.found.k) == (5, 3)
        assert all(run.state is RunState.REVEALED for run in stage.found.runs)
        escrow = stage.snapshot.escrow
        assert escrow is not None
        assert not escrow.credits
        everybody += [stage.provider(3, drifting(1)), stage.provider(4, drifting(2))]
        await stage.play(everybody, stage.ended)
        assert stage.found.state is TaskState.SETTLED
        assert paid(stage) == [PROVIDERS[0], PROVIDERS[3], PROVIDERS[4]]
        await stage.play([*everybody, stage.buyer()], stage.closed)
        assert [stage.free_stake(number) for number in range(5)] == [STAKE] * 5

    on_stage(tmp_path, story)


def test_no_agreement_pays_nobody_and_takes_no_stake(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        before = await stage.balances()
        await stage.post()
        roles = [*(stage.provider(number, lying(number)) for number in range(5)), stage.crank()]
        await stage.play(roles, stage.ended)
        assert stage.found.state is TaskState.UNDECIDED
        assert paid(stage) == []
        await stage.play([*roles, stage.buyer()], stage.closed)
        after = await stage.balances()
        tips = after.named["crank"] - before.named["crank"]
        spent = before.named["buyer"] - after.named["buyer"]
        assert spent == tips + stage.mirror.view.posting_fee
        assert [after.named[name] for name in PROVIDERS] == [STAKE] * 5
        assert [stage.free_stake(number) for number in range(5)] == [STAKE] * 5

    on_stage(tmp_path, story)


def test_a_silent_provider_loses_its_bond_to_the_buyer(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        before = await stage.balances()
        await stage.post()
        silent = stage.provider(2)
        roles: list[TaskRole] = [stage.provider(0), stage.provider(1)]
        await stage.play([*roles, silent], lambda: stage.found.state is TaskState.RUNNING)
        roles.append(stage.crank())
        await stage.play(roles, stage.ended)
        assert stage.found.state is TaskState.SETTLED
        assert paid(stage) == list(PROVIDERS[:2])
        assert [name for name, _ in stage.actions(ExpireRun)] == ["taskcrank"]
        await stage.play([*roles, stage.buyer()], stage.closed)
        assert [stage.free_stake(number) for number in range(3)] == [STAKE, STAKE, STAKE - BOND]
        after = await stage.balances()
        spent = before.named["buyer"] - after.named["buyer"]
        tips = after.named["crank"] - before.named["crank"]
        assert spent == 2 * TERMS.price + tips + stage.mirror.view.posting_fee - BOND

    on_stage(tmp_path, story)


def test_equal_outputs_are_paid_without_comparing(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        await stage.post()
        roles = [*map(stage.provider, range(3)), stage.crank()]
        await stage.play(roles, stage.ended)
        assert paid(stage) == list(PROVIDERS[:3])
        assert stage.actions(FetchRivals) == []
        assert len(stage.actions(RunKernel)) == 3

    on_stage(tmp_path, story)


def test_providers_restarted_at_every_step_keep_their_word(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        await stage.post()

        def anew() -> list[TaskRole]:
            runs = (drifting(0), drifting(1), drifting(2))
            return [stage.provider(number, run) for number, run in enumerate(runs)]

        for state in (TaskState.RUNNING, TaskState.REVEALING, TaskState.COMPARING):
            await stage.play(anew(), partial(stage.reached, state))
        await stage.play([*anew(), stage.crank()], stage.ended)
        assert paid(stage) == list(PROVIDERS[:3])
        for kind in (RunKernel, Join, CommitRun, RevealRun, TellAgreement):
            assert len(stage.actions(kind)) == 3, kind

    on_stage(tmp_path, story)


def test_no_output_is_served_before_it_is_revealed(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        await stage.post()
        roles = [*map(stage.provider, range(3))]
        await stage.play(roles, lambda: stage.found.state is TaskState.REVEALING)
        for name in PROVIDERS[:3]:
            assert stage.storages[name].store.used_bytes == 0
            assert stage.storages[name].tasks.jobs() == []
        await stage.play(roles, lambda: stage.found.state is TaskState.DECIDING)
        assert all(stage.storages[name].tasks.jobs() for name in PROVIDERS[:3])

    on_stage(tmp_path, story)


def hide(storage: Storage, task: str) -> None:
    storage.tasks.remove(task)


def swap(storage: Storage, task: str) -> None:
    (index,) = storage.tasks.of_job(task)
    other = storage.store.put(bytes(64))
    storage.tasks.put(replace(index, outputs=(other,)))


def shorten(storage: Storage, task: str) -> None:
    (index,) = storage.tasks.of_job(task)
    storage.tasks.put(replace(index, outputs=(storage.store.put(bytes(63)),)))


@pytest.mark.parametrize("withhold", [hide, swap, shorten])
def test_an_output_that_is_not_served_agrees_with_nobody(
    tmp_path: Path, withhold: Callable[[Storage, str], None]
) -> None:
    async def story(stage: TaskStage) -> None:
        await stage.post()
        runs = (drifting(0), drifting(1), drifting(2))
        roles: list[TaskRole] = [stage.provider(at, run) for at, run in enumerate(runs)]
        await stage.play(roles, partial(stage.reached, TaskState.COMPARING))
        withhold(stage.storages[PROVIDERS[2]], str(stage.task))
        roles.append(stage.crank())
        await stage.play(roles, stage.ended)
        assert paid(stage) == list(PROVIDERS[:2])
        assert len(stage.actions(FetchRivals)) > 3

    on_stage(tmp_path, story)


def test_too_few_providers_and_everything_comes_back(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        before = await stage.balances()
        await stage.post()
        roles = [stage.provider(0), stage.provider(1, min_price=TERMS.price + 1), stage.crank()]
        await stage.play(roles, stage.ended)
        assert stage.found.state is TaskState.CANCELLED
        assert len(stage.actions(CloseJoining)) == 1
        await stage.play([*roles, stage.buyer()], stage.closed)
        after = await stage.balances()
        spent = before.named["buyer"] - after.named["buyer"]
        assert spent == TERMS.tip + stage.mirror.view.posting_fee
        assert stage.free_stake(0) == STAKE

    on_stage(tmp_path, story)


def test_a_kernel_that_fails_is_not_joined(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        def endless(*_: object) -> bytes:
            raise DeadlineExceeded("the run was killed after 60 s")

        await stage.post()
        roles = [stage.provider(0, endless), stage.crank()]
        await stage.play(roles, stage.ended)
        assert len(stage.actions(RunKernel)) == 1
        assert stage.actions(Join) == []
        assert stage.found.state is TaskState.CANCELLED

    on_stage(tmp_path, story)


def test_a_buyer_that_serves_nothing_is_not_served(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        await stage.post()
        stage.storages["buyer"].store.remove(stage.found.kernel.hex())
        await stage.play([stage.provider(0), stage.crank()], stage.ended)
        assert stage.actions(Join) == []
        assert stage.found.state is TaskState.CANCELLED

    on_stage(tmp_path, story)
