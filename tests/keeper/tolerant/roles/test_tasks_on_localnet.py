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
from tests.keeper.tolerant.roles.rig import (
    PROVIDERS,
    STAKE,
    TERMS,
    TaskRig,
    drifting,
    lying,
    needs_adapter,
    on_rig,
)

pytestmark = needs_adapter

FEE = -(-TERMS.price * 500 // 10_000)
EARNED = TERMS.price - FEE
BOND = TERMS.price // 2


def paid(rig: TaskRig) -> list[str]:
    names = {rig.owner(name): name for name in PROVIDERS}
    return sorted(names[run.provider] for run in rig.found.paid_runs)


def test_two_honest_are_paid_and_the_liar_is_not(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        before = await rig.balances()
        await rig.post()
        roles = [
            rig.provider(0),
            rig.provider(1, drifting(2)),
            rig.provider(2, lying(1)),
            rig.crank(),
        ]
        await rig.play(roles, rig.ended)
        assert rig.found.state is TaskState.SETTLED
        assert paid(rig) == list(PROVIDERS[:2])
        roots = {run.root for run in rig.found.runs}
        assert len(roots) == 3
        buyer = rig.buyer()
        await rig.play([*roles, buyer], rig.closed)
        after = await rig.balances()
        earned = {name: after.named[name] - before.named[name] for name in before.named}
        assert [earned[name] for name in PROVIDERS[:3]] == [EARNED, EARNED, 0]
        assert [rig.free_stake(number) for number in range(3)] == [STAKE] * 3
        # the crank's step is the decision; nothing but prices, its tip and the fee is spent
        posting_fee = rig.mirror.view.posting_fee
        assert earned["crank"] == TERMS.tip
        assert earned["buyer"] == -(2 * TERMS.price + TERMS.tip + posting_fee)
        assert earned["fee vaults"] == 2 * FEE
        assert after.named["job vaults"] == 0
        assert after.total == after.supply == before.supply - posting_fee

    on_rig(tmp_path, story)


def test_all_disagree_and_two_more_decide(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post()
        first = [rig.provider(0), rig.provider(1, lying(1)), rig.provider(2, lying(2))]
        everybody = [*first, rig.crank()]
        await rig.play(everybody, lambda: rig.found.round == 2)
        assert (rig.found.n, rig.found.k) == (5, 3)
        assert all(run.state is RunState.REVEALED for run in rig.found.runs)
        escrow = rig.snapshot.escrow
        assert escrow is not None
        assert not escrow.credits
        everybody += [rig.provider(3, drifting(1)), rig.provider(4, drifting(2))]
        await rig.play(everybody, rig.ended)
        assert rig.found.state is TaskState.SETTLED
        assert paid(rig) == [PROVIDERS[0], PROVIDERS[3], PROVIDERS[4]]
        await rig.play([*everybody, rig.buyer()], rig.closed)
        assert [rig.free_stake(number) for number in range(5)] == [STAKE] * 5

    on_rig(tmp_path, story)


def test_no_agreement_burns_half_the_prices_and_takes_no_stake(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        before = await rig.balances()
        await rig.post()
        roles = [*(rig.provider(number, lying(number)) for number in range(5)), rig.crank()]
        await rig.play(roles, rig.ended)
        assert rig.found.state is TaskState.UNDECIDED
        assert paid(rig) == []
        await rig.play([*roles, rig.buyer()], rig.closed)
        after = await rig.balances()
        tips = after.named["crank"] - before.named["crank"]
        spent = before.named["buyer"] - after.named["buyer"]
        burned = 5 * TERMS.price // 2
        assert spent == burned + tips + rig.mirror.view.posting_fee
        assert after.supply == before.supply - burned - rig.mirror.view.posting_fee
        assert [after.named[name] for name in PROVIDERS] == [STAKE] * 5
        assert [rig.free_stake(number) for number in range(5)] == [STAKE] * 5

    on_rig(tmp_path, story)


def test_a_silent_provider_loses_its_bond_to_the_fee_vault(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        before = await rig.balances()
        await rig.post()
        silent = rig.provider(2)
        roles: list[TaskRole] = [rig.provider(0), rig.provider(1)]
        await rig.play([*roles, silent], lambda: rig.found.state is TaskState.RUNNING)
        roles.append(rig.crank())
        await rig.play(roles, rig.ended)
        assert rig.found.state is TaskState.SETTLED
        assert paid(rig) == list(PROVIDERS[:2])
        assert [name for name, _ in rig.actions(ExpireRun)] == ["taskcrank"]
        await rig.play([*roles, rig.buyer()], rig.closed)
        assert [rig.free_stake(number) for number in range(3)] == [STAKE, STAKE, STAKE - BOND]
        after = await rig.balances()
        spent = before.named["buyer"] - after.named["buyer"]
        tips = after.named["crank"] - before.named["crank"]
        assert spent == 2 * TERMS.price + tips + rig.mirror.view.posting_fee
        assert after.named["fee vaults"] - before.named["fee vaults"] == 2 * FEE + BOND

    on_rig(tmp_path, story)


def test_equal_outputs_are_paid_without_comparing(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post()
        roles = [*map(rig.provider, range(3)), rig.crank()]
        await rig.play(roles, rig.ended)
        assert paid(rig) == list(PROVIDERS[:3])
        assert rig.actions(FetchRivals) == []
        assert len(rig.actions(RunKernel)) == 3

    on_rig(tmp_path, story)


def test_providers_restarted_at_every_step_keep_their_word(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post()

        def anew() -> list[TaskRole]:
            runs = (drifting(0), drifting(1), drifting(2))
            return [rig.provider(number, run) for number, run in enumerate(runs)]

        for state in (TaskState.RUNNING, TaskState.REVEALING, TaskState.COMPARING):
            await rig.play(anew(), partial(rig.reached, state))
        await rig.play([*anew(), rig.crank()], rig.ended)
        assert paid(rig) == list(PROVIDERS[:3])
        for kind in (RunKernel, Join, CommitRun, RevealRun, TellAgreement):
            assert len(rig.actions(kind)) == 3, kind

    on_rig(tmp_path, story)


def test_no_output_is_served_before_it_is_revealed(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post()
        roles = [*map(rig.provider, range(3))]
        await rig.play(roles, lambda: rig.found.state is TaskState.REVEALING)
        for name in PROVIDERS[:3]:
            assert rig.storages[name].store.used_bytes == 0
            assert rig.storages[name].tasks.jobs() == []
        await rig.play(roles, lambda: rig.found.state is TaskState.DECIDING)
        assert all(rig.storages[name].tasks.jobs() for name in PROVIDERS[:3])

    on_rig(tmp_path, story)


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
    async def story(rig: TaskRig) -> None:
        await rig.post()
        runs = (drifting(0), drifting(1), drifting(2))
        roles: list[TaskRole] = [rig.provider(at, run) for at, run in enumerate(runs)]
        await rig.play(roles, partial(rig.reached, TaskState.COMPARING))
        withhold(rig.storages[PROVIDERS[2]], str(rig.task))
        roles.append(rig.crank())
        await rig.play(roles, rig.ended)
        assert paid(rig) == list(PROVIDERS[:2])
        assert len(rig.actions(FetchRivals)) > 3

    on_rig(tmp_path, story)


def test_too_few_providers_and_everything_comes_back(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        before = await rig.balances()
        await rig.post()
        roles = [rig.provider(0), rig.provider(1, min_price=TERMS.price + 1), rig.crank()]
        await rig.play(roles, rig.ended)
        assert rig.found.state is TaskState.CANCELLED
        assert len(rig.actions(CloseJoining)) == 1
        await rig.play([*roles, rig.buyer()], rig.closed)
        after = await rig.balances()
        spent = before.named["buyer"] - after.named["buyer"]
        assert spent == TERMS.tip + rig.mirror.view.posting_fee
        assert rig.free_stake(0) == STAKE

    on_rig(tmp_path, story)


def test_a_kernel_that_fails_is_not_joined(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        def endless(*_: object) -> bytes:
            raise DeadlineExceeded("the run was killed after 60 s")

        await rig.post()
        roles = [rig.provider(0, endless), rig.crank()]
        await rig.play(roles, rig.ended)
        assert len(rig.actions(RunKernel)) == 1
        assert rig.actions(Join) == []
        assert rig.found.state is TaskState.CANCELLED

    on_rig(tmp_path, story)


def test_a_buyer_that_serves_nothing_is_not_served(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        await rig.post()
        rig.storages["buyer"].store.remove(rig.found.kernel.hex())
        await rig.play([rig.provider(0), rig.crank()], rig.ended)
        assert rig.actions(Join) == []
        assert rig.found.state is TaskState.CANCELLED

    on_rig(tmp_path, story)
