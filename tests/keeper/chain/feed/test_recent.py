"""The latest transactions of some addresses, bounded by time and by number."""

from collections.abc import Callable

from solders.pubkey import Pubkey

from keeper.chain.feed import Bounds, Recent, recent
from keeper.chain.gateway import Gateway
from keeper.lab.localnet import Bank
from neurolov_client import events_from_logs, staking
from tests.keeper.chain.cluster import Cluster, on_cluster

STAKES = 6
ALL = Bounds(0, 1_000)
STRANGER = Pubkey(bytes([9] * 32))


def amounts(found: Recent) -> list[int]:
    return [
        event.amount
        for landed in found.transactions
        for event in events_from_logs(landed.logs)
        if isinstance(event, staking.Staked)
    ]


def stake(served: Cluster) -> None:
    """Stakes 1, 2, … base units, fifty slots apart; one transaction between them fails."""
    bank: Bank = served.net.bank
    assert bank.execute([served.open_position()], [served.staker]).ok
    for amount in range(1, STAKES + 1):
        bank.advance(50)
        assert bank.execute([served.stake(amount)], [served.staker]).ok
    assert not bank.execute([served.stake(10**18)], [served.staker]).ok
    bank.advance()


def read(bounds: Callable[[Bank], Bounds], *more: Pubkey) -> Recent:
    async def act(served: Cluster) -> Recent:
        stake(served)
        owner = served.staker.pubkey()
        addresses = (staking.position_address(owner), owner, *more)
        async with Gateway(served.net.url, websocket_url=served.net.ws_url) as gateway:
            return await recent(gateway, bounds(served.net.bank), *addresses)

    return on_cluster(act)


def test_everything_is_told_once_and_oldest_first() -> None:
    found = read(lambda _: ALL, STRANGER)
    assert amounts(found) == list(range(1, STAKES + 1))
    assert (found.from_slot, found.cut_short, found.whole) == (0, False, True)
    slots = [each.slot for each in found.transactions]
    assert slots == sorted(slots)
    assert len({each.signature for each in found.transactions}) == len(found.transactions)


def test_a_number_keeps_the_latest_and_says_from_where() -> None:
    found = read(lambda _: Bounds(0, 3))
    assert amounts(found) == [5, 6]
    assert (found.cut_short, found.whole) == (True, False)
    assert all(each.slot >= found.from_slot for each in found.transactions)


def test_a_time_keeps_what_is_younger() -> None:
    def since_the_fifth(bank: Bank) -> Bounds:
        landed = [record for record in bank.history(staking.ID) if record.ok]
        return Bounds(landed[1].block_time, 1_000)

    found = read(since_the_fifth)
    assert amounts(found) == [5, 6]
    assert (found.cut_short, found.whole) == (False, False)


def test_an_address_without_history() -> None:
    async def act(served: Cluster) -> Recent:
        async with Gateway(served.net.url, websocket_url=served.net.ws_url) as gateway:
            return await recent(gateway, ALL, STRANGER)

    assert on_cluster(act) == Recent((), 0, cut_short=False, whole=True)
