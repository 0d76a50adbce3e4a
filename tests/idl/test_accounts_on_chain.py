"""What the programs wrote is what the bindings read: every account of a lived-in world."""

import pytest

from keeper.lab.market import tasks
from neurolov_client import PROGRAMS, Account, staking, verdict
from tests.programs.verdict.disputing import Disputing
from tests.world import NLOV, World


@pytest.fixture
def lived_in(world: World) -> World:
    """One job with three ballots cast and a lie proven, a ticket, a task, and what they need."""
    job = Disputing(world, seats=3)
    job.balloting()
    for number, _ in job.ballots():
        world.send(job.cast(number), signers=[job.member(number)])
    job.challenge().proven(world)
    provider = job.provider
    world.send(
        staking.request_unstake(
            amount=1,
            owner=provider.key,
            ticket=staking.ticket_address(provider.key, 0),
        ),
        signers=[provider],
    )
    tasks.post(world, world.actor("buyer", tokens=10 * NLOV))
    return world


def test_every_account_decodes_and_has_the_stated_size(lived_in: World) -> None:
    seen: set[type[Account]] = set()
    for module in PROGRAMS.values():
        for address, raw in lived_in.bank.program_accounts(module.ID):
            data = bytes(raw.data)
            (kind,) = [each for each in module.ACCOUNTS if data.startswith(each.DISCRIMINATOR)]
            assert kind.decode(data, owner=raw.owner), address
            # evidence follows a buffer's header
            size = verdict.Buffer.SIZE if kind is verdict.Buffer else len(data)
            assert kind.SIZE in (None, size), f"{kind.__name__} is {len(data)} bytes"
            seen.add(kind)
    missing = {kind.__name__ for module in PROGRAMS.values() for kind in module.ACCOUNTS} - {
        kind.__name__ for kind in seen
    }
    assert missing <= {"Verifier"}, f"the flows made no {missing}"


def test_offsets_point_at_the_fields(lived_in: World) -> None:
    for module in PROGRAMS.values():
        for kind in module.ACCOUNTS:
            for name in kind.OFFSETS.keys() & {"owner", "buyer", "challenger", "job"}:
                start = kind.OFFSETS[name]
                for address, account in lived_in.all(kind).items():
                    raw = lived_in.bank.account(address)
                    assert raw is not None
                    assert bytes(raw.data)[start : start + 32] == bytes(getattr(account, name))
