"""Flows of the verdict program: commitments, draws, ballots and what follows."""

import hashlib
from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import PostedJob, terms_of
from keeper.lab.market.sandbox import Sandbox, Sent
from neurolov_client import escrow, job_registry, shard_of, staking, verdict
from neurolov_client.bindings.verdict import DRAW_DELAY, BallotState, Outcome, ProofKind


def verdict_of(sandbox: Sandbox, job: PostedJob) -> verdict.Verdict:
    """Returns the job's verdict."""
    return sandbox.fetch(verdict.Verdict, verdict.verdict_address(job.address))


def commit(
    sandbox: Sandbox,
    owner: Actor,
    job: PostedJob,
    *,
    first: int = 0,
    last: int | None = None,
    root: bytes = bytes([7]) * 32,
    operator: Actor | None = None,
) -> Sent:
    """Commits operators `first` to `last` (all by default), opening the verdict if needed."""
    posted = sandbox.fetch(job_registry.Job, job.address)
    signer = operator or owner
    opening = []
    if not sandbox.exists(verdict.verdict_address(job.address)):
        opening = [verdict.open_verdict(payer=signer.key, job=job.address)]
    return sandbox.send(
        *opening,
        verdict.commit_stage(
            first=first,
            last=posted.operators if last is None else last,
            root=root,
            kind=ProofKind.TRACE_COMMITMENT,
            signer=signer.key,
            job=job.address,
            graph=job.graph,
            provider=job_registry.provider_address(owner.key),
            position=staking.position_address(owner.key),
            terms=terms_of(sandbox, job),
        ),
        signers=[signer],
    )


def draw(sandbox: Sandbox, cranker: Actor, job: PostedJob, *, salted: bool = True) -> Sent:
    """Draws as soon as allowed, with the buyer's salt or after waiting for it in vain."""
    due = verdict_of(sandbox, job).committed_slot + DRAW_DELAY + 1
    if not salted:
        due += sandbox.parameters.verdict.salt_slots
    if sandbox.slot < due:
        sandbox.warp_to(due)
    return sandbox.send(
        verdict.draw(
            salt=job.salt if salted else None,
            cranker=cranker.key,
            verdict=verdict.verdict_address(job.address),
            terms=terms_of(sandbox, job),
            even=staking.snapshot_address(0),
            odd=staking.snapshot_address(1),
        ),
        signers=[cranker],
    )


def drawn(sandbox: Sandbox, job: PostedJob) -> list[tuple[int, int]]:
    """Returns the number and seat of every ballot so far."""
    found = verdict_of(sandbox, job)
    return [(number, found.ballots[number].seat) for number in range(found.ballot_count)]


def ballot_salt(owner: Actor, job: PostedJob) -> bytes:
    """Returns a verifier's secret for one job."""
    return hashlib.sha256(b"ballot" + bytes(owner.key) + bytes(job.address)).digest()


def commitment(
    owner: Actor,
    job: PostedJob,
    choice: int,
    *,
    operator: int = 0,
    element: int = 0,
    salt: bytes | None = None,
) -> bytes:
    """Returns SHA256(choice, operator, element, salt, verifier, job), integers little-endian."""
    return hashlib.sha256(
        bytes([choice])
        + operator.to_bytes(4, "little")
        + element.to_bytes(4, "little")
        + (salt or ballot_salt(owner, job))
        + bytes(owner.key)
        + bytes(job.address)
    ).digest()


def cast(
    sandbox: Sandbox,
    owner: Actor,
    job: PostedJob,
    ballot: int,
    choice: int,
    *,
    salt: bytes | None = None,
    signer: Actor | None = None,
    **at: int,
) -> Sent:
    """Casts a ballot, salted with `ballot_salt` unless a salt is given.

    `at` names the operator and the element that a rejecting verifier calls wrong.
    """
    seat = verdict_of(sandbox, job).ballots[ballot].seat
    return sandbox.send(
        verdict.cast_ballot(
            ballot=ballot,
            commitment=commitment(owner, job, choice, salt=salt, **at),
            signer=(signer or owner).key,
            terms=terms_of(sandbox, job),
            job=job.address,
            seat=staking.seat_address(seat),
            position=staking.position_address(owner.key),
            exposure=staking.exposure_address(job.address, owner.key),
        ),
        signers=[signer or owner],
    )


def decline(sandbox: Sandbox, owner: Actor, job: PostedJob, ballot: int) -> Sent:
    """Declines a ballot for which no collateral is left."""
    seat = verdict_of(sandbox, job).ballots[ballot].seat
    return sandbox.send(
        verdict.decline_ballot(
            ballot=ballot,
            signer=owner.key,
            verdict=verdict.verdict_address(job.address),
            terms=terms_of(sandbox, job),
            seat=staking.seat_address(seat),
            position=staking.position_address(owner.key),
        ),
        signers=[owner],
    )


def report_silent(sandbox: Sandbox, job: PostedJob, ballot: int) -> Sent:
    """Reports a verifier that was drawn and kept silent; its holder is fined."""
    seat = staking.seat_address(verdict_of(sandbox, job).ballots[ballot].seat)
    held = sandbox.find(staking.Seat, seat)
    return sandbox.send(
        verdict.report_silent(
            ballot=ballot,
            verdict=verdict.verdict_address(job.address),
            terms=terms_of(sandbox, job),
            seat=seat,
            position=None if held is None else staking.position_address(held.owner),
            escrow_config=escrow.config_address(),
            fee_vault=escrow.fees_address(shard_of(job.address)),
        )
    )


def report_all(sandbox: Sandbox, job: PostedJob) -> None:
    """Reports every verifier that kept silent in an earlier draw or past the deadline."""
    found = verdict_of(sandbox, job)
    for number in range(found.ballot_count):
        if found.ballots[number].state == BallotState.DRAWN:
            report_silent(sandbox, job, number)


def reveal(
    sandbox: Sandbox,
    owner: Actor,
    job: PostedJob,
    ballot: int,
    choice: int,
    *,
    operator: int = 0,
    element: int = 0,
    salt: bytes | None = None,
) -> Sent:
    """Reveals a ballot."""
    return sandbox.send(
        verdict.reveal_ballot(
            ballot=ballot,
            choice=choice,
            operator=operator,
            element=element,
            salt=salt or ballot_salt(owner, job),
            verdict=verdict.verdict_address(job.address),
        ),
    )


def ballots(
    sandbox: Sandbox,
    committee: Mapping[int, Actor],
    job: PostedJob,
    choices: Mapping[int, int] | int,
) -> list[tuple[int, Actor, int]]:
    """Casts and reveals every ballot that awaits it: (number, verifier, choice).

    `committee` maps a seat to its verifier. `choices` is one choice for all, or maps a seat to its
    choice; a seat without a choice stays silent.
    """
    done = []
    for number, seat in drawn(sandbox, job):
        choice = choices if isinstance(choices, int) else choices.get(seat)
        if choice is None or verdict_of(sandbox, job).ballots[number].state != BallotState.DRAWN:
            continue
        cast(sandbox, committee[seat], job, number, choice)
        done.append((number, committee[seat], choice))
    deadline = verdict_of(sandbox, job).ballot_deadline
    if sandbox.slot <= deadline:
        sandbox.warp_to(deadline + 1)
    for number, owner, choice in done:
        reveal(sandbox, owner, job, number, choice)
    return done


def tally(sandbox: Sandbox, cranker: Actor, job: PostedJob) -> Sent:
    """Counts the ballots, after the reveal deadline where some are missing."""
    found = verdict_of(sandbox, job)
    revealed = all(ballot.choice for ballot in found.ballots[: found.ballot_count])
    if not revealed and sandbox.slot <= found.reveal_deadline:
        sandbox.warp_to(found.reveal_deadline + 1)
    return sandbox.send(
        verdict.tally(
            cranker=cranker.key,
            verdict=verdict.verdict_address(job.address),
            terms=terms_of(sandbox, job),
        ),
        signers=[cranker],
    )


def settle(sandbox: Sandbox, cranker: Actor, job: PostedJob) -> Sent:
    """Credits all parties, once the window has passed."""
    window_end = verdict_of(sandbox, job).window_end
    if sandbox.slot <= window_end:
        sandbox.warp_to(window_end + 1)
    provider = sandbox.fetch(job_registry.Job, job.address).lease.provider
    return sandbox.send(
        verdict.settle(
            cranker=cranker.key,
            job=job.address,
            provider=job_registry.provider_address(provider),
            utilisation=job_registry.utilisation_address(shard_of(job.address)),
            terms=terms_of(sandbox, job),
        ),
        signers=[cranker],
    )


def void(sandbox: Sandbox, cranker: Actor, job: PostedJob) -> Sent:
    """Ends a job that was proven wrong or has no data, blaming its only provider."""
    provider = sandbox.fetch(job_registry.Job, job.address).lease.provider
    return sandbox.send(
        verdict.void(
            cranker=cranker.key,
            job=job.address,
            provider=job_registry.provider_address(provider),
            utilisation=job_registry.utilisation_address(shard_of(job.address)),
            terms=terms_of(sandbox, job),
            escrow_config=escrow.config_address(),
            destination=loss_destination(sandbox, job),
            position=staking.position_address(provider),
            exposure=staking.exposure_address(job.address, provider),
        ),
        signers=[cranker],
    )


def loss_destination(sandbox: Sandbox, job: PostedJob) -> Pubkey:
    """Returns where the stake that a convicted provider loses goes, but for the burned part."""
    if verdict_of(sandbox, job).outcome == Outcome.WITHHELD:
        return escrow.fees_address(shard_of(job.address))
    return job.vault


def release(sandbox: Sandbox, owner: Actor, job: PostedJob, ballot: int) -> Sent:
    """Frees the stake that a verifier's ballot holds."""
    exposed = staking.exposure_address(job.address, owner.key)
    return sandbox.send(
        verdict.release_ballot(
            ballot=ballot,
            verdict=verdict.verdict_address(job.address),
            payer=sandbox.fetch(staking.Exposure, exposed).payer,
            position=staking.position_address(owner.key),
            exposure=exposed,
            escrow_config=escrow.config_address(),
            fee_vault=escrow.fees_address(shard_of(job.address)),
        )
    )


def withdraw(sandbox: Sandbox, owner: Actor, job: PostedJob) -> list[Sent]:
    """Pays out every credit that the job's escrow owes the owner."""
    found = sandbox.fetch(escrow.Escrow, job.escrow)
    return [
        sandbox.send(
            escrow.withdraw(
                index=index, escrow=job.escrow, vault=job.vault, destination=owner.tokens
            )
        )
        for index in range(found.credit_count)
        if found.credits[index].party == owner.key and not found.credits[index].paid
    ]


def collect_fee(sandbox: Sandbox, job: PostedJob) -> Sent:
    """Moves the job's fee to its shard's vault."""
    return sandbox.send(
        escrow.collect_fee(
            escrow=job.escrow,
            vault=job.vault,
            fee_vault=escrow.fees_address(shard_of(job.address)),
        )
    )


def reclaim(sandbox: Sandbox, job: PostedJob) -> Sent:
    """Returns to the buyer the money that the job did not need."""
    return sandbox.send(
        escrow.reclaim(
            buyer=job.buyer.key,
            escrow=job.escrow,
            vault=job.vault,
            destination=job.buyer.tokens,
        )
    )
