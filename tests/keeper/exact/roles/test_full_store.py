"""A full store costs this node its part in a job, and nobody else anything (attack C7)."""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.compute import HostLane
from keeper.data import (
    BlobStore,
    JobManifest,
    QuotaExceededError,
    ReservationKind,
    StageIndexes,
    open_client,
)
from keeper.data.sealing import sealed_bytes
from keeper.data.server import serve_data
from keeper.exact.decisions.actions import (
    CastBallot,
    Check,
    Claim,
    CommitStage,
    Execute,
    FetchWorkload,
)
from keeper.exact.decisions.codes import JobState, Outcome, VerdictState
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDERS, VERIFIERS
from keeper.node.errors import WorkloadError
from keeper.telemetry import METRICS
from kernels.graph import GraphBuilder
from kernels.graph.file import dump
from kernels.graph.reference import NumpyExecutor
from kernels.trace import inputs_root, pack, tensor_root
from tests.keeper.exact.roles.rig import Rig, on_rig

QUOTA = 1 << 20
SILENCE_FEE = NLOV // 10


@dataclass(frozen=True)
class Order:
    """A job as its account would tell it."""

    address: Pubkey
    source: str
    manifest: bytes
    spec_root: bytes
    input_root: bytes


def order(store: BlobStore, url: str, number: int, rows: int) -> Order:
    """Stores the workload of a product with `rows` rows of 256 bytes."""
    rng = np.random.default_rng(number)
    build = GraphBuilder()
    build.matmul(build.input((rows, 256)), rng.integers(-9, 9, (4, 256)).astype(np.int8))
    graph, array = build.build(), rng.integers(-9, 9, (1, 1, rows, 256)).astype(np.int8)
    manifest = JobManifest(store.put(dump(graph)), (store.put(pack(array).tobytes()),))
    store.put(manifest.to_bytes())
    return Order(
        Pubkey(bytes([number] * 32)),
        url,
        bytes.fromhex(manifest.digest),
        graph.spec_root,
        inputs_root([tensor_root(array)]),
    )


def test_c7_an_attackers_jobs_do_not_fill_the_store_for_ever(tmp_path: Path) -> None:
    async def story() -> None:
        for name in ("buyer", "verifier"):
            (tmp_path / name).mkdir()
        buyer = BlobStore(tmp_path / "buyer", 1 << 30)
        store = BlobStore(tmp_path / "verifier", QUOTA)
        indexes = StageIndexes(tmp_path / "buyer")
        async with (
            serve_data(buyer, indexes, "127.0.0.1", 0) as url,
            open_client(allow_private=True) as client,
        ):
            fetcher = WorkloadFetcher(client, store, HostLane())
            large = [order(buyer, url, number, 900) for number in range(2, 8)]
            honest = order(buyer, url, 10, 800)
            for job in large[:4]:
                await fetcher.get(job, with_trace=True)
            used = store.used_bytes
            assert used > 900_000
            # What a running job has set aside is never given to another one.
            for job in (large[4], honest):
                with pytest.raises(QuotaExceededError):
                    await fetcher.get(job, with_trace=True)
                store.reservation(ReservationKind.JOBS, str(job.address)).release()
            assert store.used_bytes == used
            for job in large:
                store.reservation(ReservationKind.JOBS, str(job.address)).release()
            assert (store.used_bytes, store.free_bytes) == (0, QUOTA)
            # One after the other any number of them passes through.
            for job in (*large, honest):
                workload = await fetcher.get(job, with_trace=True)
                sizes = [spec.stored_bytes for spec in workload.graph.outputs]
                set_aside = QUOTA - store.used_bytes - store.free_bytes
                assert set_aside == sum(map(sealed_bytes, sizes))
                store.reservation(ReservationKind.JOBS, str(job.address)).release()

    asyncio.run(story())


def test_the_same_manifest_serves_no_other_graph_or_input(tmp_path: Path) -> None:
    async def story() -> None:
        for name in ("buyer", "node"):
            (tmp_path / name).mkdir()
        buyer, store = BlobStore(tmp_path / "buyer", QUOTA), BlobStore(tmp_path / "node", QUOTA)
        async with (
            serve_data(buyer, StageIndexes(tmp_path / "buyer"), "127.0.0.1", 0) as url,
            open_client(allow_private=True) as client,
        ):
            fetcher = WorkloadFetcher(client, store, HostLane())
            job = order(buyer, url, 2, 8)
            await fetcher.get(job)
            for other in (replace(job, spec_root=bytes(32)), replace(job, input_root=bytes(32))):
                with pytest.raises(WorkloadError, match="hash is not"):
                    await fetcher.get(other)

    asyncio.run(story())


def fill(rig: Rig, name: str) -> None:
    """Leaves not one byte free, by a reservation for a task, which no role of jobs drops."""
    store = rig.market.storages[name].store
    store.reservation(ReservationKind.TASKS, "other").reserve(store.free_bytes)
    assert store.free_bytes == 0


def empty(rig: Rig, name: str) -> None:
    rig.market.storages[name].store.reservation(ReservationKind.TASKS, "other").release()


def used(rig: Rig, name: str) -> int:
    return rig.market.storages[name].store.used_bytes


def abstained() -> int:
    return sum(
        int(float(line.rsplit(" ", 1)[1]))
        for line in METRICS.text().splitlines()
        if "abstentions_total" in line and 'reason="QuotaExceededError"' in line
    )


def test_c7_verifiers_without_room_abstain_and_say_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(rig: Rig) -> None:
        # Three of five: whichever three are drawn, one of them has no room.
        full = VERIFIERS[:3]
        for name in full:
            fill(rig, name)
        before, counted = {name: rig.staked(name) for name in VERIFIERS}, abstained()
        everybody = [rig.provider(), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, lambda: state(rig) is VerdictState.DECIDED)
        verdict = rig.view.verdict
        assert verdict is not None
        assert verdict.outcome in (Outcome.ACCEPTED, Outcome.UNVERIFIED)
        assert not any(ballot.missed for ballot in verdict.ballots)
        voted = {ballot.verifier for ballot in verdict.ballots if ballot.verifier is not None}
        assert voted
        assert not voted & {rig.market.parties.owner(name) for name in full}
        told = [each.getMessage() for each in caplog.records if "own fault" in each.getMessage()]
        assert abstained() - counted == len(told) > 0
        assert all("raise its quota" in line for line in told)
        await rig.play(everybody, rig.ended)
        assert rig.view.job.state is JobState.SETTLED
        for name in VERIFIERS:
            # A drawn verifier that is silent may owe the silence fee, and nothing else.
            lost = before[name] - rig.staked(name)
            assert 0 <= lost <= (SILENCE_FEE if name in full else 0)
        for name in full:
            assert used(rig, name) == 0
            assert list((tmp_path / name).glob("ballots/*")) == []

    with caplog.at_level(logging.WARNING):
        on_rig(tmp_path, story)


def state(rig: Rig) -> VerdictState | None:
    return rig.view.verdict.state if rig.view.verdict is not None else None


def test_c7_a_verifier_votes_again_once_there_is_room(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        for name in VERIFIERS:
            fill(rig, name)
        provider, others = rig.provider(), [rig.crank, rig.buyer]
        everybody = [provider, *rig.verifiers, *others]
        await rig.play(everybody, lambda: len(rig.actions(Check)) >= 3)
        assert rig.actions(CastBallot) == []
        for name in VERIFIERS:
            empty(rig, name)
        await rig.play(everybody, rig.ended)
        assert rig.view.job.state is JobState.SETTLED
        assert len(rig.actions(CastBallot)) >= 2

    on_rig(tmp_path, story)


def test_a_verifier_keeps_nothing_of_what_it_accepted(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        everybody = [rig.provider(), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, rig.ended)
        assert [used(rig, name) for name in VERIFIERS] == [0] * 5
        assert used(rig, PROVIDERS[0]) > 0

    on_rig(tmp_path, story)


def test_a_verifier_keeps_what_it_rejected_for_the_retention_time(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        cheat = rig.provider(executor=CheatingExecutor(NumpyExecutor(), Cheat.FLIP))
        everybody = [cheat, *rig.verifiers, rig.crank, rig.buyer]
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        await rig.play(rig.verifiers, rig.closed)
        for verifier in rig.verifiers:
            await verifier.tidy(rig.market.mirror.view)
        keeping = [name for name in VERIFIERS if used(rig, name)]
        assert len(keeping) >= 2
        for name in keeping:
            store = rig.market.storages[name].store
            (reservation,) = store.reservations(ReservationKind.JOBS)
            assert (reservation.name, reservation.until is not None, reservation.expired) == (
                str(rig.job),
                True,
                False,
            )
            later = store.clock() + 24 * 3600
            store.clock = partial(float, later)
        for verifier in rig.verifiers:
            await verifier.tidy(rig.market.mirror.view)
        assert [used(rig, name) for name in VERIFIERS] == [0] * 5

    on_rig(tmp_path, story)
    assert list(tmp_path.glob("*/traces/*.json")) == []


def test_c7_a_provider_claims_no_job_that_it_has_no_room_for(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        fill(rig, PROVIDERS[0])
        provider = rig.provider()
        await rig.play([provider], lambda: len(rig.actions(FetchWorkload)) == 2)
        assert rig.actions(Claim) == []
        assert rig.view.job.state is JobState.POSTED
        empty(rig, PROVIDERS[0])
        await rig.play([provider], lambda: rig.view.job.state is JobState.COMMITTED)
        assert len(rig.actions(Claim)) == 1

    on_rig(tmp_path, story)


def test_what_was_set_aside_for_a_claim_is_enough_for_the_job(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider, store = rig.provider(), rig.market.storages[PROVIDERS[0]].store
        await rig.play([provider], lambda: rig.view.job.state is JobState.CLAIMED)
        fill(rig, PROVIDERS[0])
        left = store.free_bytes
        await rig.play([provider], lambda: rig.view.job.state is JobState.COMMITTED)
        assert len(rig.actions(Execute)) == len(rig.actions(CommitStage)) == 1
        assert store.free_bytes == left == 0
        assert store.used_bytes <= store.quota_bytes

    on_rig(tmp_path, story)


def test_a_providers_outputs_stay_for_the_retention_time_or_until_the_job_is_closed(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        provider, store = rig.provider(), rig.market.storages[PROVIDERS[0]].store
        everybody = [provider, *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, rig.ended)
        await provider.tidy(rig.market.mirror.view)
        (reservation,) = store.reservations(ReservationKind.JOBS)
        assert (reservation.until is not None, reservation.expired) == (True, False)
        assert store.free_bytes == store.quota_bytes - store.used_bytes
        ended = store.clock()
        store.clock = lambda: ended + 24 * 3600 + 60
        restarted = rig.provider()
        await restarted.tidy(rig.market.mirror.view)
        assert (store.used_bytes, store.reservations(ReservationKind.JOBS)) == (0, [])
        assert rig.market.storages[PROVIDERS[0]].indexes.jobs() == []
        # The buyer's data stay until it closes the job.
        assert used(rig, "buyer") > 0
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        await rig.buyer.tidy(rig.market.mirror.view)
        assert used(rig, "buyer") == 0

    on_rig(tmp_path, story)


def test_an_offer_that_somebody_else_claims_is_dropped(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        late = rig.provider(PROVIDERS[1])
        await late.recover()
        await late._fetch(rig.view)
        assert used(rig, PROVIDERS[1]) > 0
        await late.tidy(rig.market.mirror.view)
        assert used(rig, PROVIDERS[1]) > 0
        await rig.play([rig.provider()], lambda: rig.view.job.state is JobState.CLAIMED)
        await late.tidy(rig.market.mirror.view)
        assert used(rig, PROVIDERS[1]) == 0

    on_rig(tmp_path, story)


def test_c7_a_verifier_whose_disk_fails_abstains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(rig: Rig) -> None:
        provider, others = rig.provider(), [rig.crank, rig.buyer]
        everybody = [provider, *rig.verifiers, *others]
        for name in VERIFIERS:
            (rig.market.storages[name].folder / "reservations").write_bytes(b"in the way")
        await rig.play(everybody, lambda: len(rig.actions(Check)) >= 3)
        await rig.play(everybody, lambda: state(rig) is VerdictState.BALLOTING)
        assert rig.actions(CastBallot) == []
        assert rig.view.verdict is not None
        assert not any(ballot.missed for ballot in rig.view.verdict.ballots)
        told = [each.getMessage() for each in caplog.records if "own fault" in each.getMessage()]
        assert len(told) == 3
        assert all("disk refuses a record" in line for line in told)
        for name in VERIFIERS:
            (rig.market.storages[name].folder / "reservations").unlink()
        await rig.play(everybody, rig.ended)
        assert rig.view.job.state is JobState.SETTLED
        assert len(rig.actions(CastBallot)) >= 2

    with caplog.at_level(logging.WARNING):
        on_rig(tmp_path, story)


def test_a_job_whose_workload_comes_too_slowly_is_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(rig: Rig) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(rig.market.mirror, "transfer_seconds", lambda deadline: 0.0)
            provider = rig.provider()
            await rig.play([provider], lambda: len(rig.actions(FetchWorkload)) == 2)
            assert rig.actions(Claim) == []
            assert "is served too slowly" in caplog.text
        await rig.play([provider], lambda: rig.view.job.state is JobState.COMMITTED)

    with caplog.at_level(logging.WARNING):
        on_rig(tmp_path, story)
