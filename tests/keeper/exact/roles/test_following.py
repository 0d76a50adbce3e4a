"""A mirror that follows the feed sees what a sweep sees, and sweeps only where it must."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.chain.feed import ChainEvent, LostEvents
from keeper.exact.decisions.actions import Claim, TakeSnapshot
from keeper.exact.roles import JobMirror
from keeper.exact.roles.mirror import View
from keeper.journal import State
from keeper.node import mirror as mirrors
from keeper.node.following import follow
from keeper.node.supervision import background
from keeper.tolerant.roles.mirror import TaskMirror
from neurolov_client import escrow, job_registry
from tests.keeper.exact.roles.rig import Rig, on_rig

PATIENCE_SECONDS = 60.0


class CountingMirror(JobMirror):
    """Counts its reads."""

    sweeps = 0
    read: list[frozenset[Any]]

    async def _sweep(self, slot: int) -> View:
        self.sweeps += 1
        return await super()._sweep(slot)

    async def _read(self, view: View, slot: int, subjects: frozenset[Any]) -> View:
        self.read.append(subjects)
        return await super()._read(view, slot, subjects)

    async def until_it_shows(self, jobs: object) -> None:
        """Wait until the view holds these jobs, and fail where it never does."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while dict(self.view.jobs) != jobs:
                await self.next_view()


def counting(rig: Rig) -> CountingMirror:
    parties = [key.pubkey() for key in rig.market.parties.keys.values()]
    mirror = CountingMirror(rig.market.services.gateway, parties, 0.02)
    mirror.read = []
    return mirror


@asynccontextmanager
async def followed(rig: Rig) -> AsyncIterator[CountingMirror]:
    """A mirror on the rig's feed, after its first sweep on it."""
    mirror, services = counting(rig), rig.market.services
    async with background(follow(services.gateway, [mirror])):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while mirror.sweeps == 0:
                await mirror.next_view()
        yield mirror


def test_a_whole_job_is_followed_by_events_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "RECONCILE_SLOTS", 10**9)

    async def story(rig: Rig) -> None:
        everybody = [rig.provider(), *rig.verifiers, rig.crank, rig.buyer]
        async with followed(rig) as mirror:
            await mirror.until_it_shows(rig.market.mirror.view.jobs)
            await rig.play(everybody, rig.ended)
            await mirror.until_it_shows(rig.market.mirror.view.jobs)
            rig.buyer.keep.clear()
            await rig.play(everybody, rig.closed)
            await mirror.until_it_shows({})
            assert mirror.sweeps == 1
            assert {rig.job} <= frozenset().union(*mirror.read) <= {rig.job}

    on_rig(tmp_path, story)


def test_everything_is_read_again_after_some_slots_without_events(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async with followed(rig) as mirror:
            for _ in range(mirrors.RECONCILE_SLOTS):
                rig.bank.advance()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while mirror.sweeps == 1:
                    await mirror.next_view()
            assert mirror.view.swept_slot == rig.bank.slot

    on_rig(tmp_path, story)


def posted_again(rig: Rig, sequence: int) -> ChainEvent:
    """An event of the rig's job with this number; what else it says does not matter."""
    event = job_registry.JobEnded(
        envelope=job_registry.Envelope(slot=1, time=1, sequence=sequence),
        job=rig.job,
        state=job_registry.JobState.POSTED,
        progress=0,
    )
    return ChainEvent("job_registry", Signature.default(), 1, 0, event)


def test_a_gap_and_lost_events_end_in_a_sweep_and_a_repeated_event_in_nothing(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        mirror = counting(rig)
        await mirror.refresh()
        mirror.follow_events()
        await mirror.poll()
        assert mirror.sweeps == 2
        held = dict(mirror.view.jobs[rig.job].sequences)["job_registry"]
        # While a job is posted, its beacon has every poll read the shared accounts.
        mirror.observe(posted_again(rig, held))
        await mirror.poll()
        assert (mirror.sweeps, mirror.read) == (2, [frozenset()])
        mirror.observe(posted_again(rig, held + 2))
        await mirror.poll()
        assert mirror.sweeps == 3
        mirror.observe(LostEvents("job_registry", Signature.default(), 1))
        await mirror.poll()
        assert mirror.sweeps == 4

    on_rig(tmp_path, story)


def test_an_action_has_its_own_subject_read_again(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        mirror = counting(rig)
        mirror.follow_events()
        await mirror.reread(rig.job)
        await mirror.reread(rig.job)
        assert (mirror.sweeps, mirror.read) == (1, [frozenset({rig.job})])
        mirror.ignore_events()
        await mirror.reread(rig.job)
        assert mirror.sweeps == 2

    on_rig(tmp_path, story)


def test_an_operation_is_named_by_role_key_action_and_state(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider, view = rig.provider(), rig.market.mirror.view
        named = provider.operation_id(Claim(rig.job), view)
        assert named == f"provider/{provider.owner}/claim job={rig.job}/{rig.view.version}"
        await rig.play([provider], lambda: rig.view.job.lease is not None)
        landed = rig.market.services.journal.operation(named)
        assert landed is not None
        assert landed.state is State.LANDED
        chore = rig.crank.operation_id(TakeSnapshot(3), view)
        assert chore == f"crank/{rig.crank.owner}/take-snapshot epoch=3/slot {view.slot}"

    on_rig(tmp_path, story)


def escrow_event(job: Pubkey, sequence: int) -> ChainEvent:
    """An event of the escrow of a job or task."""
    event = escrow.FeeCollected(
        envelope=escrow.Envelope(slot=1, time=1, sequence=sequence),
        job=job,
        amount=1,
        vault=1,
        fee_vault=1,
    )
    return ChainEvent("escrow", Signature.default(), 1, 0, event)


def test_the_escrow_of_a_task_costs_one_read_and_no_sweep(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        mirror, task = counting(rig), Pubkey.new_unique()
        await mirror.refresh()
        mirror.follow_events()
        await mirror.poll()
        jobs = dict(mirror.view.jobs)
        mirror.observe(escrow_event(task, 7))
        await mirror.poll()
        assert (mirror.sweeps, mirror.read) == (2, [frozenset({task})])
        assert dict(mirror.view.jobs) == jobs
        mirror.observe(escrow_event(rig.job, 7))
        await mirror.poll()
        assert mirror.sweeps == 3

    on_rig(tmp_path, story)


def test_a_mirror_of_tasks_ignores_the_escrow_of_a_job(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        tasks = TaskMirror(rig.market.services.gateway, [], 0.02)
        await tasks.refresh()
        tasks.follow_events()
        await tasks.poll()
        tasks.observe(escrow_event(rig.job, 7))
        await tasks.poll()
        assert dict(tasks.view.tasks) == {}

    on_rig(tmp_path, story)


def test_a_mirror_of_jobs_ignores_an_account_of_another_program(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        mirror, other = counting(rig), escrow.escrow_address(rig.job)
        await mirror.refresh()
        mirror.follow_events()
        await mirror.poll()
        jobs = dict(mirror.view.jobs)
        mirror.observe(escrow_event(other, 7))
        await mirror.poll()
        assert mirror.read == [frozenset({other})]
        assert dict(mirror.view.jobs) == jobs

    on_rig(tmp_path, story)
