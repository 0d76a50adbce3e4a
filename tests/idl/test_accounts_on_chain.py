"""What the programs wrote is what the bindings read: every account of a lived-in world."""

import pytest

from idl.client import PROGRAMS, Account, staking
from tests.world import NLOV, World, stakers
from tests.world import judgement as judge
from tests.world import marketplace as market


@pytest.fixture
def lived_in(world: World) -> World:
    """One job with three ballots cast, a ticket, and whatever else comes with them."""
    members = stakers.committee(world, 3)
    buyer, provider = world.actor("buyer", tokens=10 * NLOV), world.actor("provider")
    graph = market.register_graph(world, world.actor("author"))
    market.register_provider(world, provider)
    job = market.post_job(world, buyer, graph)
    market.claim(world, provider, job)
    judge.commit(world, provider, job)
    judge.draw(world, world.actor("cranker"), job)
    for number, seat in judge.drawn(world, job):
        judge.cast(world, members[seat], job, number, judge.Choice.ACCEPT)
    world.send(
        staking.request_unstake(
            amount=1,
            owner=provider.key,
            ticket=staking.ticket_address(provider.key, 0),
        ),
        signers=[provider],
    )
    return world


def test_every_account_decodes_and_has_the_stated_size(lived_in: World) -> None:
    seen: set[type[Account]] = set()
    for module in PROGRAMS.values():
        for address, raw in lived_in.bank.program_accounts(module.ID):
            data = bytes(raw.data)
            (kind,) = [each for each in module.ACCOUNTS if data.startswith(each.DISCRIMINATOR)]
            assert kind.decode(data, owner=raw.owner), address
            assert kind.SIZE in (None, len(data)), f"{kind.__name__} is {len(data)} bytes"
            seen.add(kind)
    missing = {kind.__name__ for module in PROGRAMS.values() for kind in module.ACCOUNTS} - {
        kind.__name__ for kind in seen
    }
    assert missing <= {"Verifier"}, f"the flows made no {missing}"


def test_offsets_point_at_the_fields(lived_in: World) -> None:
    for module in PROGRAMS.values():
        for kind in module.ACCOUNTS:
            if "owner" in kind.OFFSETS:
                start = kind.OFFSETS["owner"]
                for address, account in lived_in.all(kind).items():
                    raw = lived_in.bank.account(address)
                    assert raw is not None
                    assert bytes(raw.data)[start : start + 32] == bytes(account.owner)
