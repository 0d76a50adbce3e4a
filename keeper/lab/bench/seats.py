"""Verifiers and their seats: taken, crowded out, given up and closed."""

from keeper.amounts import NLOV
from keeper.exact.decisions.actions import CloseSeat, EvictSeat, RollMarket, TakeSnapshot
from keeper.lab.bench.jobs import URL
from keeper.lab.bench.recording import STAKE, RecordingSandbox
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import stakers
from keeper.lab.market.actor import Actor
from keeper.node.accounts import NOBODY
from neurolov_client import job_registry, staking
from neurolov_client.bindings.job_registry import SEATS as ALL_SEATS

MEMORY_BYTES = 1 << 32
COLLATERAL = 10_000 * NLOV
# A seat can be closed once both snapshots have been taken without it.
EPOCHS_BEFORE_CLOSING = 3


def seat_verifiers(
    sandbox: RecordingSandbox, crank: Actor, seats: range, collateral: int = COLLATERAL
) -> dict[int, Actor]:
    """Seats and registers a verifier on each seat, and returns them by seat."""
    verifiers = {}
    for index in seats:
        verifier = sandbox.person(f"verifier {index}")
        seat = staking.seat_address(index)
        sandbox.stake(verifier)
        stakers.seat(sandbox, verifier, index, collateral)
        for step in (job_registry.register_verifier, job_registry.update_verifier):
            terms = step(endpoint=URL, memory_bytes=MEMORY_BYTES, owner=verifier.key, seat=seat)
            sandbox.send(terms, signers=[verifier])
        verifiers[index] = verifier
    next_epoch(sandbox, crank)
    return verifiers


def add_collateral(sandbox: RecordingSandbox, verifier: Actor) -> None:
    """Binds more of a holder's stake to its seat."""
    adding = staking.add_collateral(amount=NLOV, owner=verifier.key)
    sandbox.send(adding, signers=[verifier])


def next_epoch(sandbox: RecordingSandbox, crank: Actor) -> None:
    """Takes the snapshot of the next epoch and rolls the market to it."""
    epoch = (sandbox.slot + 1) // CHECKPOINT_SLOTS + 1
    sandbox.warp_to(epoch * CHECKPOINT_SLOTS)
    sandbox.act(crank, TakeSnapshot(epoch))
    sandbox.act(crank, RollMarket(epoch))


def leave(sandbox: RecordingSandbox, crank: Actor, index: int, verifier: Actor) -> None:
    """Lets a verifier deregister and vacate its seat, which is then closed."""
    owner, seat = verifier.key, staking.seat_address(index)
    for step in (
        job_registry.deregister_verifier(owner=owner),
        staking.vacate_seat(owner=owner, seat=seat),
    ):
        sandbox.send(step, signers=[verifier])
    _await_closing(sandbox, crank)
    sandbox.act(crank, CloseSeat(index, owner, NOBODY))


def evict(sandbox: RecordingSandbox, crank: Actor, index: int, verifier: Actor) -> None:
    """Evicts a verifier whose collateral has become too small, and closes its seat."""
    sandbox.act(crank, EvictSeat(index, verifier.key))
    _await_closing(sandbox, crank)
    sandbox.act(crank, CloseSeat(index, verifier.key, NOBODY))


def crowd(sandbox: RecordingSandbox, crank: Actor) -> None:
    """Fills every seat, and lets newcomers bid for one of them, which the last one inherits."""
    least = stakers.pool(sandbox).params.min_verifier_stake
    for index in range(ALL_SEATS):
        if not sandbox.exists(staking.seat_address(index)):
            _settle_in(sandbox, index, least)
    index = ALL_SEATS - 1
    bids = [least * 2, least * 3]
    for bid in bids:
        _bid(sandbox, index, bid)
    _await_closing(sandbox, crank)
    held = sandbox.fetch(staking.Seat, staking.seat_address(index))
    sandbox.act(crank, CloseSeat(index, held.owner, held.heir))


def _settle_in(sandbox: RecordingSandbox, index: int, collateral: int) -> None:
    holder = sandbox.person(f"holder {index}")
    steps = (
        staking.open_position(owner=holder.key),
        staking.stake(amount=STAKE, owner=holder.key, source=holder.tokens),
        staking.take_seat(index=index, collateral=collateral, owner=holder.key),
    )
    sandbox.send(*steps, signers=[holder])


def _bid(sandbox: RecordingSandbox, index: int, collateral: int) -> None:
    newcomer = sandbox.person(f"newcomer {collateral}")
    sandbox.stake(newcomer)
    seat = staking.seat_address(index)
    held = sandbox.fetch(staking.Seat, seat)
    outbid = held.owner if held.heir == NOBODY else held.heir
    bidding = staking.displace_seat(
        collateral=collateral,
        owner=newcomer.key,
        seat=seat,
        displaced=staking.position_address(outbid),
        displaced_owner=outbid,
    )
    sandbox.send(bidding, signers=[newcomer])


def _await_closing(sandbox: RecordingSandbox, crank: Actor) -> None:
    for _ in range(EPOCHS_BEFORE_CLOSING):
        next_epoch(sandbox, crank)
