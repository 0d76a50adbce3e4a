"""Every instruction at least once, in the order of a marketplace's life."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from idl.client import escrow, job_registry, staking, verdict
from keeper.exact.decisions.actions import (
    Cancel,
    CloseVerdict,
    DemandAnswers,
    EmitRewards,
    ReclaimEscrow,
    ReclaimJob,
    ReleaseBallot,
    ReleaseExposure,
    RollMarket,
    SweepFees,
    TakeSnapshot,
    Tally,
    Withdraw,
)
from keeper.exact.decisions.codes import Choice, JobState, Outcome
from keeper.exact.decisions.trap import trap_of
from keeper.lab.bench.answers import Trace, answer_questions
from keeper.lab.bench.bench import NLOV, Bench, secret
from keeper.lab.bench.dispute import Lie, lie_about_digits, open_dispute
from keeper.lab.bench.orders import URL, Orders, ballot_of
from keeper.lab.bench.units import Measured, dearest, measured
from keeper.lab.localnet import TransactionRecord
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS, localnet_keypair
from keeper.node.registration import capability, ticket_address
from kernels.models.digits import graph

LIFECYCLE = (
    "escrow.lock",
    "job_registry.post_job",
    "job_registry.claim",
    "verdict.open_verdict",
    "verdict.commit_stage",
    "verdict.draw",
    "verdict.settle",
    "escrow.withdraw",
    "escrow.collect_fee",
    "escrow.reclaim",
    "job_registry.release_exposure",
)
BALLOT = ("verdict.cast_ballot", "verdict.reveal_ballot")
MEMORY_BYTES = 1 << 32
TERMS = capability(
    ask=10 * NLOV,
    memory_bytes=MEMORY_BYTES,
    rate=1 << 20,
    max_macs=1 << 40,
    endpoint="http://127.0.0.1:7010",
)
MOST_QUIET_JOBS = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """The dearest call of each instruction; units of a whole unsampled job; of one ballot."""

    instructions: dict[str, Measured]
    lifecycle: dict[str, int]
    ballot: dict[str, int]


def run_scenario() -> Figures:
    """Play everything on a fresh bank; the same figures on every run."""
    bench = Bench()
    buyer, crank = bench.actor("buyer"), bench.actor("crank")
    providers = [bench.actor(f"provider {number}") for number in (1, 2)]
    orders = Orders(bench, buyer, graph())
    orders.register()
    for provider in providers:
        bench.stake(provider)
        owner = provider.pubkey()
        bench.send(provider, job_registry.register_provider(capability=TERMS, owner=owner))
        update = job_registry.update_provider(capability=TERMS, draining=False, owner=owner)
        bench.send(provider, update)
    bench.until(bench.bank.slot + LOCALNET_PARAMETERS.job_registry.min_registration_slots)
    lifecycle = _quiet_jobs(orders, providers[0], crank)
    _unhappy_ends(orders, providers, crank)
    seats = _seat_verifiers(bench, crank)
    ballot = _balloted_jobs(orders, providers[0], crank, seats)
    _disputed_job(orders, providers[0], crank, seats)
    _trapped_job(orders, providers[0], crank, seats)
    _missed_job(orders, providers[0], crank, seats)
    _withheld_job(orders, providers[0], crank, seats)
    _stakers(bench, crank)
    _departures(bench, providers[1], seats)
    _governance(bench)
    return Figures(dearest(bench.records), lifecycle, ballot)


def _quiet_jobs(orders: Orders, provider: Keypair, crank: Keypair) -> dict[str, int]:
    """Jobs nobody can verify, until reputation spares one the draw: its whole life in units."""
    for _ in range(MOST_QUIET_JOBS):
        job, posted = orders.post()
        records = [posted, *orders.claim(provider, job), orders.commit(provider, job)]
        records.append(orders.draw(job))
        judged = orders.bench.view(job).verdict
        assert judged is not None
        records += orders.bench.crank_to_the_end(crank, job)
        records += _collect(orders, provider, job)
        if judged.outcome is Outcome.UNSAMPLED:
            return _lifecycle(records)
    raise RuntimeError(f"all of {MOST_QUIET_JOBS} jobs were sampled")


def _lifecycle(records: Iterable[TransactionRecord]) -> dict[str, int]:
    """The first of each: one withdrawal and one reclaim, as the provider and the buyer need."""
    found: dict[str, int] = {}
    for record in records:
        for each in measured(record):
            if each.name in LIFECYCLE:
                found.setdefault(each.name, each.units)
    return {name: found[name] for name in LIFECYCLE}


def _collect(orders: Orders, provider: Keypair, job: Pubkey) -> list[TransactionRecord]:
    """Everybody takes what is theirs, and every account of the job is closed."""
    bench = orders.bench
    money = bench.view(job).escrow
    records = []
    for index, credit in enumerate(money.credits if money is not None else ()):
        if not credit.paid:
            records.append(bench.act(orders.buyer, Withdraw(job, index), job))
    exposure = staking.exposure_address(job, provider.pubkey())
    if bench.bank.account(exposure) is not None:
        records.append(bench.act(provider, ReleaseExposure(job, provider.pubkey()), job))
    records.append(bench.act(orders.buyer, ReclaimEscrow(job), job))
    judged = bench.view(job).verdict
    for ballot in judged.ballots if judged is not None else ():
        if ballot.verifier is not None:
            records.append(bench.act(orders.buyer, ReleaseBallot(job, ballot.index), job))
    if judged is not None:
        records.append(bench.act(provider, CloseVerdict(job), job))
    records.append(bench.act(orders.buyer, ReclaimJob(job), job))
    return records


def _unhappy_ends(orders: Orders, providers: list[Keypair], crank: Keypair) -> None:
    """Cancelled, never claimed, given up in the middle, never posted."""
    bench, (first, _) = orders.bench, providers
    cancelled, _record = orders.post()
    bench.act(orders.buyer, Cancel(cancelled), cancelled)
    _collect(orders, first, cancelled)
    unclaimed, _record = orders.post()
    list(bench.crank_to_the_end(crank, unclaimed))
    _collect(orders, first, unclaimed)
    partial, _record = orders.post()
    orders.claim(first, partial)
    orders.commit(first, partial, last=5)
    list(bench.crank_to_the_end(crank, partial))
    assert bench.view(partial).job.state is JobState.SETTLED
    _collect(orders, first, partial)
    job, lock = orders.lock()
    bench.send(orders.buyer, lock)
    destination = bench.tokens(orders.owner)
    refund = escrow.refund_unposted(buyer=orders.owner, job=job, destination=destination)
    bench.send(orders.buyer, refund)


def _seat_verifiers(bench: Bench, crank: Keypair) -> dict[int, Keypair]:
    seats = {}
    for index in range(5):
        verifier = bench.actor(f"verifier {index}")
        owner, seat = verifier.pubkey(), staking.seat_address(index)
        bench.stake(verifier)
        bench.send(verifier, staking.take_seat(index=index, owner=owner))
        for step in (job_registry.register_verifier, job_registry.update_verifier):
            terms = step(endpoint=URL, memory_bytes=MEMORY_BYTES, owner=owner, seat=seat)
            bench.send(verifier, terms)
        seats[index] = verifier
    _next_epoch(bench, crank)
    return seats


def _next_epoch(bench: Bench, crank: Keypair) -> None:
    slots = LOCALNET_PARAMETERS.staking.epoch_slots
    epoch = (bench.bank.slot + 1) // slots + 1
    bench.until(epoch * slots)
    bench.act(crank, TakeSnapshot(epoch))
    bench.act(crank, RollMarket(epoch))


def _balloted_jobs(
    orders: Orders, provider: Keypair, crank: Keypair, seats: dict[int, Keypair]
) -> dict[str, int]:
    """One job accepted, one rejected; units of the dearest ballot."""
    before = len(orders.bench.records)
    for choice in (Choice.ACCEPT, Choice.REJECT):
        while True:
            job, _ = orders.post()
            orders.claim(provider, job)
            orders.commit(provider, job)
            orders.draw(job)
            judged = orders.bench.view(job).verdict
            sampled = judged is not None and bool(judged.ballots)
            if sampled:
                orders.vote(seats, job, ballot_of(choice, job))
            list(orders.bench.crank_to_the_end(crank, job))
            _collect(orders, provider, job)
            if sampled:
                break
    units = dearest(orders.bench.records[before:])
    return {name: units[name].units for name in BALLOT}


def _disputed_job(
    orders: Orders, provider: Keypair, crank: Keypair, seats: dict[int, Keypair]
) -> None:
    """A lie that everybody drawn accepts, and that a proof then undoes."""
    lie, judging = lie_about_digits(orders.graph), False
    while not judging:
        job, judging = _prove(orders, provider, seats, lie, Choice.ACCEPT)
        list(orders.bench.crank_to_the_end(crank, job))
        _collect(orders, provider, job)


def _trapped_job(
    orders: Orders, provider: Keypair, crank: Keypair, seats: dict[int, Keypair]
) -> None:
    """A lie on the buyer's order, which everybody drawn rejects."""
    lie, judging, salt = lie_about_digits(orders.graph), False, secret("trap salt")
    while not judging:
        trap = trap_of(provider.pubkey(), lie.operator, salt)
        job, judging = _prove(orders, provider, seats, lie, Choice.REJECT, trap=trap)
        opening = verdict.open_trap(
            salt=salt,
            verdict=verdict.verdict_address(job),
            job=job,
            receipt=verdict.receipt_address(job),
        )
        orders.bench.send(orders.buyer, opening)
        list(orders.bench.crank_to_the_end(crank, job))
        _collect(orders, provider, job)


def _prove(
    orders: Orders,
    provider: Keypair,
    seats: dict[int, Keypair],
    lie: Lie,
    choice: Choice,
    *,
    trap: bytes | None = None,
) -> tuple[Pubkey, bool]:
    """A job in which the lie is proven, and whether anybody was drawn to choose before."""
    job, dispute = open_dispute(orders, provider, lie, trap)
    orders.draw(job)
    judged = orders.bench.view(job).verdict
    judging = judged is not None and bool(judged.ballots)
    if judging:
        orders.vote(seats, job, ballot_of(choice, job))
    dispute.prove()
    dispute.withdraw()
    return job, judging


def _missed_job(
    orders: Orders, provider: Keypair, crank: Keypair, seats: dict[int, Keypair]
) -> None:
    """Data that everybody drawn misses, and that the provider then shows."""
    trace, missing = Trace(orders.graph), False
    while not missing:
        job, _ = orders.post(trace.inputs_root)
        orders.claim(provider, job)
        orders.commit(provider, job, root=trace.root)
        orders.draw(job)
        judged = orders.bench.view(job).verdict
        missing = judged is not None and bool(judged.ballots)
        if missing:
            orders.vote(seats, job, ballot_of(Choice.UNAVAILABLE, job))
            orders.bench.act(crank, Tally(job), job)
            answer_questions(orders, provider, job, trace)
        list(orders.bench.crank_to_the_end(crank, job))
        _collect(orders, provider, job)


def _withheld_job(
    orders: Orders, provider: Keypair, crank: Keypair, seats: dict[int, Keypair]
) -> None:
    """A result that the buyer asks for in vain."""
    job, _ = orders.post()
    orders.claim(provider, job)
    orders.commit(provider, job)
    orders.draw(job)
    judged = orders.bench.view(job).verdict
    if judged is not None and judged.ballots:
        orders.vote(seats, job, ballot_of(Choice.ACCEPT, job))
        orders.bench.act(crank, Tally(job), job)
    orders.bench.act(orders.buyer, DemandAnswers(job), job)
    list(orders.bench.crank_to_the_end(crank, job))
    _collect(orders, provider, job)


def _stakers(bench: Bench, crank: Keypair) -> None:
    """Rewards, emission, fees, unbonding."""
    staker = bench.actor("staker")
    owner, tokens = staker.pubkey(), bench.tokens(staker.pubkey())
    bench.stake(staker)
    bench.send(staker, staking.fund_rewards(amount=NLOV, funder=owner, source=tokens))
    bench.send(staker, staking.fund_emission(amount=NLOV, funder=owner, source=tokens))
    _next_epoch(bench, crank)
    bench.act(crank, EmitRewards(0))
    for shard in range(16):
        vault = bench.bank.account(escrow.fees_address(shard))
        if vault is not None and any(bytes(vault.data)[64:72]):
            bench.act(crank, SweepFees(shard))
    bench.send(staker, staking.claim_rewards(owner=owner, destination=tokens))
    ticket = ticket_address(owner, 0)
    bench.send(staker, staking.request_unstake(amount=NLOV, owner=owner, ticket=ticket))
    bench.until(bench.bank.slot + LOCALNET_PARAMETERS.staking.unbonding_slots)
    bench.send(staker, staking.withdraw(owner=owner, ticket=ticket, destination=tokens))


def _departures(bench: Bench, provider: Keypair, seats: dict[int, Keypair]) -> None:
    bench.send(provider, job_registry.deregister_provider(owner=provider.pubkey()))
    index, verifier = next(iter(seats.items()))
    owner, seat = verifier.pubkey(), staking.seat_address(index)
    bench.send(verifier, job_registry.deregister_verifier(owner=owner))
    bench.send(verifier, staking.vacate_seat(owner=owner, seat=seat))
    crank = localnet_keypair("crank")
    for _ in range(3):
        _next_epoch(bench, crank)
    even, odd = (staking.snapshot_address(parity) for parity in range(2))
    closing = staking.close_seat(owner=owner, seat=seat, even_snapshot=even, odd_snapshot=odd)
    bench.send(verifier, closing)


def _governance(bench: Bench) -> None:
    authority, successor = localnet_keypair("authority"), bench.actor("successor")
    bench.actor("authority")
    for program in (staking, escrow, job_registry, verdict):
        name = program.PROGRAM
        params = replace(getattr(LOCALNET_PARAMETERS, name))
        bench.send(authority, program.set_params(params=params, authority=authority.pubkey()))
        handing_over = program.set_authority(
            authority=authority.pubkey(), new_authority=successor.pubkey()
        )
        bench.send(authority, handing_over, also=(successor,))
