"""What the owner needs to take work: stake that counts, an operator's right, a seat."""

from collections.abc import AsyncIterator

from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.cli.doctor.checks import Check, DoctorRole, Stage, Subject, examines
from keeper.cli.doctor.funds import least_stake, send_tokens
from keeper.node.operators import (
    OperatorError,
    budget_line,
    operator_document,
    require_acting,
)
from neurolov_client import staking
from neurolov_client.bindings.job_registry import SEATS
from neurolov_client.bindings.staking import Tenure

COLD_OWNER = "keep it offline and let an operator's key work (`neurolov stake operator set`)"


@examines(Stage.PROGRAMS, DoctorRole.PROVIDER, DoctorRole.VERIFIER)
async def stake(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the owner has staked enough for the least work of its roles."""
    holding = subject.chain.holding
    staked = holding.stake.amount
    missing = least_stake(subject) - staked
    detail = (
        f"{nlov(staked)} NLOV staked, {nlov(holding.free)} free, {nlov(holding.leased)} in leases, "
        f"{nlov(0 if holding.position is None else holding.position.collateral)} collateral"
    )
    yield Check("stake", missing <= 0, detail, stake_more(subject, missing))
    if staked:
        yield standing_check(subject)


def standing_check(subject: Subject) -> Check:
    """Checks that all stake counts for work that is posted now."""
    counts_from = subject.chain.holding.counts_from
    if counts_from is None:
        return Check("standing", True, "all of it counts for work that is posted now")
    when = subject.timeline.told(counts_from)
    detail = f"it counts for work that is posted from {when} on"
    return Check("standing", False, detail, "wait until then; nothing needs to be done")


@examines(Stage.PROGRAMS, DoctorRole.PROVIDER)
async def room(subject: Subject) -> AsyncIterator[Check]:
    """Checks that some stake is free to back another lease."""
    holding = subject.chain.holding
    if not holding.stake.amount:
        return
    exposable = holding.stake.exposable(by_operator=subject.by_operator)
    needed = least_stake(subject)
    detail = f"{nlov(exposable)} NLOV can back further leases"
    yield Check("room", exposable > 0, detail, stake_more(subject, needed))


@examines(Stage.PROGRAMS)
async def operator(subject: Subject) -> AsyncIterator[Check]:
    """Checks whether the key may act for the owner."""
    takes_work = subject.is_any_of(DoctorRole.PROVIDER, DoctorRole.VERIFIER)
    if takes_work or subject.by_operator:
        yield operator_check(subject.chain.holding.position, subject.owner, subject.signer)


def operator_check(position: staking.Position | None, owner: Pubkey, signer: Pubkey) -> Check:
    """Checks whether a key may act for an owner, and is told apart from it."""
    try:
        require_acting(position, owner, signer)
    except OperatorError as error:
        return Check("operator", False, str(error))
    if signer == owner or position is None:
        return Check("operator", True, f"none: this is the owner's own key; {COLD_OWNER}")
    left = operator_document(position)["left"]
    advice = (
        "raise the budget with the owner's key: "
        f"neurolov stake operator set {signer} --budget AMOUNT --keypair OWNER_KEY"
    )
    return Check("operator", left > 0, budget_line(position), advice)


@examines(Stage.PROGRAMS, DoctorRole.VERIFIER)
async def seat(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the owner holds a seat with collateral for another ballot."""
    holding, terms = subject.chain.holding, subject.chain.terms
    position = holding.position
    if holding.seat is None or position is None:
        free = SEATS - subject.chain.seats
        if free and not subject.by_operator:
            yield Check("seat", True, f"none yet; neurolov verifier run takes one of {free:,}")
            return
        detail = f"none; {free:,} of {SEATS:,} are free"
        least = nlov(terms.staking.min_verifier_stake)
        step = f"neurolov stake seat take --collateral {least}"
        if not free:
            step = f"neurolov stake seat displace SEAT --collateral {least}"
        yield Check("seat", False, detail, owners(subject, step))
        return
    held = position.tenure == Tenure.HELD
    advice = "wait until it is closed and take another one: neurolov stake seat take"
    if position.tenure == Tenure.HEIR:
        advice = f"wait until the seat is handed over: neurolov stake seat close {holding.seat}"
    yield Check("seat", held, f"{holding.seat}, {holding.seat_state}", owners(subject, advice))
    yield _ballot_room(subject, position)


def _ballot_room(subject: Subject, position: staking.Position) -> Check:
    judge = subject.chain.terms.verdict
    needed = judge.ballot_exposure + judge.silence_fee
    room = subject.chain.holding.stake.ballot_exposable(by_operator=subject.by_operator)
    detail = (
        f"{nlov(position.collateral)} NLOV of collateral, {nlov(room)} of it free for ballots; "
        f"each holds {nlov(needed)}"
    )
    step = f"neurolov stake seat add {nlov(max(0, needed - room))}"
    return Check("ballots", room >= needed, detail, owners(subject, step))


def stake_more(subject: Subject, amount: int) -> str:
    """Returns the commands by which an owner stakes base units that it may not have yet."""
    short = max(0, amount - (subject.chain.tokens or 0))
    step = owners(subject, f"neurolov stake add {nlov(max(0, amount)).replace(',', '')}")
    if not short:
        return step
    return f"{send_tokens(subject, short)}; then: {step}"


def owners(subject: Subject, step: str) -> str:
    """Returns a step that takes the owner's key, which an operator does not have."""
    return f"with the owner's key: {step}" if subject.by_operator else step
