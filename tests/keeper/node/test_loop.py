"""What a role outlives, what ends it, and how it drains."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.gateway import Backoff, Gateway
from keeper.chain.submit import Submitter
from keeper.journal import Journal
from keeper.lab.localnet import Localnet
from keeper.node.changes import Counter, Notice
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from keeper.node.loop import Loop
from keeper.node.mirror import BaseView, Mirror
from keeper.node.operators import OperatorError
from keeper.node.supervision import background
from neurolov_client import Event
from tests.keeper.chain.gateway.faulty import FaultyNode, faulty_node, status

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the role of these tests decides about."""

    address: Pubkey
    version: str = "1"


@dataclass(slots=True)
class ShelfView(BaseView):
    parcels: Mapping[Pubkey, Parcel]


@dataclass(frozen=True, slots=True)
class Deliver(Action):
    kind: ClassVar[str] = "deliver"
    parcel: Pubkey

    @property
    def subject(self) -> Pubkey:
        return self.parcel


class ShelfMirror(Mirror[ShelfView]):
    """Knows the parcels of this process, and the cluster's slot."""

    def __init__(self, gateway: Gateway, *addresses: Pubkey) -> None:
        super().__init__(gateway, 0.01)
        self.parcels = {address: Parcel(address) for address in addresses}

    def notice(self, event: Event) -> Notice:
        raise AssertionError(event)

    def sequences(self, view: ShelfView) -> Mapping[Counter, int]:
        return {}

    async def _sweep(self, slot: int) -> ShelfView:
        return ShelfView(slot, slot, (), dict(self.parcels))

    async def _read(self, view: ShelfView, slot: int, subjects: frozenset[Pubkey]) -> ShelfView:
        return replace(view, slot=slot, parcels=dict(self.parcels))


class Courier(Loop[ShelfView, Parcel]):
    """Delivers one parcel after the other; `cursed` ones fail as told."""

    name = "courier"

    def __init__(self, mirror: ShelfMirror, submitter: Submitter) -> None:
        super().__init__(mirror, submitter, Pubkey(bytes([1] * 32)))
        self.shelf = mirror
        self.delivered: list[Pubkey] = []
        self.unreadable: dict[Pubkey, Exception] = {}
        self.cursed: dict[Pubkey, Exception] = {}
        self.holding = False

    def subjects(self, view: ShelfView) -> Mapping[Pubkey, Parcel]:
        return view.parcels

    def held(self, view: ShelfView) -> tuple[Held, ...]:
        return (Held(Pubkey.default(), "wait", None),) if self.holding else ()

    def decide(self, view: ShelfView, subjects: tuple[Parcel, ...], clock: Clock) -> Decision:
        for parcel in subjects:
            if parcel.address in self.unreadable:
                raise self.unreadable[parcel.address]
        left = (each.address for each in subjects if each.address not in self.delivered)
        return next((Deliver(address) for address in left), Wait())

    async def perform(self, action: Action, view: ShelfView) -> None:
        assert isinstance(action, Deliver)
        if action.parcel in self.cursed:
            raise self.cursed[action.parcel]
        self.delivered.append(action.parcel)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                await self.mirror.next_view()


Story = Callable[[Courier, FaultyNode], Awaitable[None]]
FIRST, SECOND = Pubkey(bytes([2] * 32)), Pubkey(bytes([3] * 32))


def on_courier(folder: Path, story: Story) -> None:
    """Tell a story of a courier with two parcels on a ticking cluster."""

    async def run() -> None:
        with Journal(folder / "journal.sqlite") as journal:
            async with (
                Localnet(port=0, slot_ms=20) as net,
                faulty_node(net.url) as node,
                Gateway(node.url, backoff=Backoff(attempts=1)) as gateway,
            ):
                mirror = ShelfMirror(gateway, FIRST, SECOND)
                await mirror.refresh()
                courier = Courier(mirror, Submitter(gateway, journal, Keypair()))
                async with background(mirror.run()):
                    await story(courier, node)

    asyncio.run(run())


def test_a_failure_of_one_job_sets_it_aside_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(courier: Courier, _node: FaultyNode) -> None:
        courier.cursed[FIRST] = ZeroDivisionError("nobody thought of this")
        async with background(courier.run()):
            await courier.until(lambda: courier.delivered == [SECOND])
            courier.cursed.clear()
            courier.shelf.parcels[FIRST] = Parcel(FIRST, "2")
            await courier.until(lambda: courier.delivered == [SECOND, FIRST])

    on_courier(tmp_path, story)
    (told,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert told.getMessage() == "courier: deliver refused: nobody thought of this"
    assert told.exc_info is not None


def test_a_job_that_no_decision_can_be_taken_on_keeps_none_of_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(courier: Courier, _node: FaultyNode) -> None:
        courier.unreadable[FIRST] = KeyError("a field that nobody knows")
        async with background(courier.run()):
            await courier.until(lambda: courier.delivered == [SECOND])

    on_courier(tmp_path, story)
    assert f"courier: {FIRST} is set aside" in caplog.messages


def test_a_node_that_refuses_every_read_ends_no_role(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(courier: Courier, node: FaultyNode) -> None:
        node.script += [("*", status(404))] * 30
        async with background(courier.run()):
            await courier.until(lambda: len(courier.delivered) == 2)
            assert node.script == []

    on_courier(tmp_path, story)
    assert len([each for each in caplog.messages if "404" in each]) <= 2


@pytest.mark.parametrize("place", ["unreadable", "cursed"])
def test_a_key_that_may_not_act_ends_the_role_with_its_own_error(
    tmp_path: Path, place: str
) -> None:
    async def story(courier: Courier, _node: FaultyNode) -> None:
        refusal = OperatorError("the operator is another one")
        getattr(courier, place)[FIRST] = refusal
        with pytest.raises(OperatorError) as raised:
            await courier.run()
        assert raised.value is refusal
        assert courier.delivered == []

    on_courier(tmp_path, story)


def test_a_drained_role_ends_once_it_holds_nothing(tmp_path: Path) -> None:
    async def story(courier: Courier, _node: FaultyNode) -> None:
        courier.holding = True
        running: asyncio.Task[Any] = asyncio.create_task(courier.run())
        await courier.until(lambda: len(courier.delivered) == 2)
        courier.drain.begin()
        for _ in range(3):
            await courier.mirror.next_view()
        assert not running.done()
        courier.holding = False
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running

    on_courier(tmp_path, story)
