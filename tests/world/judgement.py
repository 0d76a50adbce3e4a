"""Flows of the verdict program: commitments, draws, ballots and what follows."""

import hashlib
from collections.abc import Mapping

from idl.client import escrow, job_registry, shard_of, staking, verdict
from idl.client.bindings.verdict import DRAW_DELAY, BallotState, ProofKind
from tests.world.actor import Actor
from tests.world.marketplace import PostedJob
from tests.world.world import Sent, World


def verdict_of(world: World, job: PostedJob) -> verdict.Verdict:
    """Returns the job's verdict."""
    return world.fetch(verdict.Verdict, verdict.verdict_address(job.address))


def commit(
    world: World,
    owner: Actor,
    job: PostedJob,
    *,
    first: int = 0,
    last: int | None = None,
    root: bytes = bytes([7]) * 32,
) -> Sent:
    """Commits operators `first` to `last` (all by default), opening the verdict if needed."""
    posted = world.fetch(job_registry.Job, job.address)
    opening = []
    if not world.exists(verdict.verdict_address(job.address)):
        opening = [verdict.open_verdict(owner=owner.key, job=job.address)]
    return world.send(
        *opening,
        verdict.commit_stage(
            first=first,
            last=posted.operators if last is None else last,
            root=root,
            kind=ProofKind.TRACE_COMMITMENT,
            owner=owner.key,
            job=job.address,
            graph=job.graph,
        ),
        signers=[owner],
    )


def draw(world: World, cranker: Actor, job: PostedJob, *, salted: bool = True) -> Sent:
    """Draws as soon as allowed, with the buyer's salt or after waiting for it in vain."""
    due = verdict_of(world, job).committed_slot + DRAW_DELAY + 1
    if not salted:
        due += world.parameters.verdict.salt_slots
    if world.slot < due:
        world.warp_to(due)
    return world.send(
        verdict.draw(
            salt=job.salt if salted else None,
            cranker=cranker.key,
            verdict=verdict.verdict_address(job.address),
            even=staking.snapshot_address(0),
            odd=staking.snapshot_address(1),
        ),
        signers=[cranker],
    )


def drawn(world: World, job: PostedJob) -> list[tuple[int, int]]:
    """Returns the number and seat of every ballot so far."""
    found = verdict_of(world, job)
    return [(number, found.ballots[number].seat) for number in range(found.ballot_count)]


def ballot_salt(owner: Actor, job: PostedJob) -> bytes:
    """Returns a verifier's secret for one job."""
    return hashlib.sha256(b"ballot" + bytes(owner.key) + bytes(job.address)).digest()


def commitment(
    owner: Actor, job: PostedJob, choice: int, *, operator: int = 0, element: int = 0
) -> bytes:
    """Returns SHA256(choice

    operator

    element

    salt

    verifier

    job), integers little-endian.
    """
    return hashlib.sha256(
        bytes([choice])
        + operator.to_bytes(4, "little")
        + element.to_bytes(4, "little")
        + ballot_salt(owner, job)
        + bytes(owner.key)
        + bytes(job.address)
    ).digest()


def cast(world: World, owner: Actor, job: PostedJob, ballot: int, choice: int, **at: int) -> Sent:
    """Casts a ballot; `at` names the operator and element that a rejecting verifier calls wrong."""
    seat = verdict_of(world, job).ballots[ballot].seat
    return world.send(
        verdict.cast_ballot(
            ballot=ballot,
            commitment=commitment(owner, job, choice, **at),
            owner=owner.key,
            job=job.address,
            seat=staking.seat_address(seat),
        ),
        signers=[owner],
    )


def reveal(
    world: World,
    owner: Actor,
    job: PostedJob,
    ballot: int,
    choice: int,
    *,
    operator: int = 0,
    element: int = 0,
) -> Sent:
    """Reveals a ballot."""
    return world.send(
        verdict.reveal_ballot(
            ballot=ballot,
            choice=choice,
            operator=operator,
            element=element,
            salt=ballot_salt(owner, job),
            owner=owner.key,
            verdict=verdict.verdict_address(job.address),
        ),
        signers=[owner],
    )


def ballots(
    world: World, committee: Mapping[int, Actor], job: PostedJob, choices: Mapping[int, int] | int
) -> list[tuple[int, Actor, int]]:
    """Casts and reveals every ballot that awaits it: (number, verifier, choice).

    `committee` maps a seat to its verifier. `choices` is one choice for all, or maps a seat to its
    choice; a seat without a choice stays silent.
    """
    done = []
    for number, seat in drawn(world, job):
        choice = choices if isinstance(choices, int) else choices.get(seat)
        if choice is None or verdict_of(world, job).ballots[number].state != BallotState.DRAWN:
            continue
        cast(world, committee[seat], job, number, choice)
        done.append((number, committee[seat], choice))
    deadline = verdict_of(world, job).ballot_deadline
    if world.slot <= deadline:
        world.warp_to(deadline + 1)
    for number, owner, choice in done:
        reveal(world, owner, job, number, choice)
    return done


def tally(world: World, cranker: Actor, job: PostedJob) -> Sent:
    """Counts the ballots, after the reveal deadline where some are missing."""
    found = verdict_of(world, job)
    revealed = all(ballot.choice for ballot in found.ballots[: found.ballot_count])
    if not revealed and world.slot <= found.reveal_deadline:
        world.warp_to(found.reveal_deadline + 1)
    return world.send(
        verdict.tally(cranker=cranker.key, verdict=verdict.verdict_address(job.address)),
        signers=[cranker],
    )


def settle(world: World, cranker: Actor, job: PostedJob) -> Sent:
    """Credits all parties, once the window has passed."""
    window_end = verdict_of(world, job).window_end
    if world.slot <= window_end:
        world.warp_to(window_end + 1)
    provider = world.fetch(job_registry.Job, job.address).lease.provider
    return world.send(
        verdict.settle(
            cranker=cranker.key,
            job=job.address,
            provider=job_registry.provider_address(provider),
            utilisation=job_registry.utilisation_address(shard_of(job.address)),
            escrow_config=escrow.config_address(),
        ),
        signers=[cranker],
    )


def void(world: World, cranker: Actor, job: PostedJob) -> Sent:
    """Ends a job that was proven wrong or has no data, blaming its only provider."""
    provider = world.fetch(job_registry.Job, job.address).lease.provider
    return world.send(
        verdict.void(
            cranker=cranker.key,
            job=job.address,
            provider=job_registry.provider_address(provider),
            utilisation=job_registry.utilisation_address(shard_of(job.address)),
            position=staking.position_address(provider),
            exposure=staking.exposure_address(job.address, provider),
        ),
        signers=[cranker],
    )


def release(world: World, owner: Actor, job: PostedJob, ballot: int) -> Sent:
    """Frees the stake that a verifier's ballot holds."""
    return world.send(
        verdict.release_ballot(
            ballot=ballot,
            verdict=verdict.verdict_address(job.address),
            owner=owner.key,
            exposure=staking.exposure_address(job.address, owner.key),
            escrow_config=escrow.config_address(),
            fee_vault=escrow.fees_address(shard_of(job.address)),
        )
    )


def withdraw(world: World, owner: Actor, job: PostedJob) -> list[Sent]:
    """Pays out every credit that the job's escrow owes the owner."""
    found = world.fetch(escrow.Escrow, job.escrow)
    return [
        world.send(
            escrow.withdraw(
                index=index, escrow=job.escrow, vault=job.vault, destination=owner.tokens
            )
        )
        for index in range(found.credit_count)
        if found.credits[index].party == owner.key and not found.credits[index].paid
    ]


def collect_fee(world: World, job: PostedJob) -> Sent:
    """Moves the job's fee to its shard's vault."""
    return world.send(
        escrow.collect_fee(
            escrow=job.escrow,
            vault=job.vault,
            fee_vault=escrow.fees_address(shard_of(job.address)),
        )
    )


def reclaim(world: World, job: PostedJob) -> Sent:
    """Returns to the buyer the money that the job did not need."""
    return world.send(
        escrow.reclaim(
            buyer=job.buyer.key,
            escrow=job.escrow,
            vault=job.vault,
            destination=job.buyer.tokens,
        )
    )
