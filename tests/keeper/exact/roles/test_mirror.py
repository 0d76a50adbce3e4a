import asyncio
import hashlib
from pathlib import Path

import pytest

from keeper.chain.gateway import Gateway
from keeper.configuration import NodeSettings
from keeper.exact.decisions.crank import Queue
from keeper.exact.decisions.verifier import HeldSeat
from keeper.exact.roles import JobMirror
from keeper.exact.roles.mirror import View
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.marketplace import PROVIDER_STAKE, PROVIDERS, VERIFIER_STAKE
from keeper.node.decisions.stake import LeasableStake
from keeper.node.errors import RoleError
from keeper.node.mirror import MIN_TRANSFER_SECONDS
from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES
from neurolov_client.bindings.staking import Terms
from tests.keeper.exact.decisions.views import key
from tests.keeper.exact.roles.rig import Rig, on_rig


def slot_hash(slot: int) -> bytes:
    return hashlib.sha256(str(slot).encode()).digest()


def mirror_with(slots: list[int], poll_seconds: float = 0.0) -> JobMirror:
    mirror = JobMirror(Gateway.of(NodeSettings()), [], poll_seconds)
    mirror._view = View(
        slot=max(slots, default=0),
        swept_slot=0,
        slot_hashes=tuple((slot, slot_hash(slot)) for slot in slots),
        mint=key(9),
        checkpoint_slots=150,
        terms=Terms.__new__(Terms),
        queue=Queue(),
        demand_q32=0,
        leasable=LeasableStake(0, ()),
        jobs={},
        parties={},
    )
    return mirror


def test_the_beacon_is_the_lowest_slot_at_or_after_posting() -> None:
    mirror = mirror_with([9, 8, 5, 4])
    assert mirror.beacon(5) == slot_hash(5)
    assert mirror.beacon(6) == slot_hash(8)
    assert mirror.beacon(1) == slot_hash(4)
    with pytest.raises(LookupError):
        mirror.beacon(10)


def test_a_full_list_may_have_forgotten_an_older_slot() -> None:
    newest = 2_000
    mirror = mirror_with(list(range(newest, newest - SLOT_HASHES_ENTRIES, -1)))
    oldest = newest - SLOT_HASHES_ENTRIES + 1
    assert mirror.beacon(oldest) == slot_hash(oldest)
    assert mirror.beacon(oldest - 1) is None


def test_beacons_are_told_of_what_was_posted_before_the_newest_slot() -> None:
    mirror = mirror_with([9, 8, 5, 4])
    posted = {key(1): 6, key(2): 10}
    assert mirror.beacons(posted) == {key(1): slot_hash(8)}


def test_a_transfer_may_take_half_of_the_time_that_is_left() -> None:
    mirror = mirror_with([100], poll_seconds=2.0)
    assert mirror.transfer_seconds(130) == 30.0
    assert mirror.transfer_seconds(101) == MIN_TRANSFER_SECONDS
    assert mirror.transfer_seconds(90) == MIN_TRANSFER_SECONDS


def test_nothing_was_read_yet() -> None:
    with pytest.raises(RoleError, match="not been read"):
        _ = JobMirror(Gateway.of(NodeSettings()), [], poll_seconds=0.0).view


def test_a_cluster_without_the_programs_is_named() -> None:
    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False) as net,
            Gateway.of(NodeSettings(url=net.url, websocket_url=net.ws_url)) as gateway,
        ):
            with pytest.raises(RoleError, match="deploy the programs"):
                await JobMirror(gateway, [], poll_seconds=0.0).refresh()

    asyncio.run(run())


def test_a_sweep_reads_jobs_stake_seats_and_terms(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        view = rig.market.mirror.view
        snapshot = view.jobs[rig.job]
        assert snapshot.job.spec_root == rig.graph.spec_root
        assert snapshot.job.source == rig.market.storages["buyer"].url
        assert snapshot.job.lease is None
        assert snapshot.verdict is None
        assert snapshot.escrow is not None
        assert snapshot.escrow.balance > snapshot.job.price
        provider = view.parties[rig.market.parties.keys["provider 1"].pubkey()]
        assert provider.provider is not None
        assert provider.stake.lease_room > 0
        assert provider.seat is None
        verifier = view.parties[rig.market.parties.keys["verifier 1"].pubkey()]
        assert verifier.seat == HeldSeat(index=0, taken_epoch=0)
        assert (verifier.stake.lease_room, verifier.stake.ballot_room) == (0, VERIFIER_STAKE)
        assert view.parties[rig.market.parties.keys["buyer"].pubkey()].position is None
        assert (view.terms.version, snapshot.job.terms) == (0, 0)
        assert view.terms.parameters == snapshot.parameters == LOCALNET_PARAMETERS
        assert view.checkpoint_slots == CHECKPOINT_SLOTS
        assert view.queue == Queue()
        staked = len(PROVIDERS) * PROVIDER_STAKE
        assert view.leasable.standing(view.slot // CHECKPOINT_SLOTS) == staked
        with pytest.raises(LookupError):
            rig.market.mirror.beacon(snapshot.job.posted_slot)
        rig.bank.advance()
        await rig.market.mirror.refresh()
        assert rig.market.mirror.beacon(snapshot.job.posted_slot)

    on_rig(tmp_path, story)
