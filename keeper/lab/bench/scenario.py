"""Plays every instruction of every program at least once, in the order of a market's life."""

from collections.abc import Iterable
from dataclasses import dataclass

from keeper.amounts import NLOV
from keeper.exact.decisions.actions import (
    Cancel,
    CloseVerdict,
    DemandAnswers,
    EmitRewards,
    ReclaimEscrow,
    ReclaimJob,
    ReleaseBallot,
    ReleaseExposure,
    SweepFees,
    Tally,
    Withdraw,
)
from keeper.exact.decisions.codes import Choice, JobState, Outcome
from keeper.exact.decisions.state import Verdict
from keeper.exact.decisions.trap import trap_of
from keeper.lab.bench.answers import Trace, answer_questions
from keeper.lab.bench.dispute import Lie, lie_about_digits, open_dispute
from keeper.lab.bench.governance import change_terms, hand_over
from keeper.lab.bench.jobs import GraphJobs
from keeper.lab.bench.recording import RecordingSandbox, secret
from keeper.lab.bench.seats import (
    MEMORY_BYTES,
    add_collateral,
    crowd,
    evict,
    leave,
    next_epoch,
    seat_verifiers,
)
from keeper.lab.bench.tasks import play_tasks
from keeper.lab.bench.units import Measured, Span, dearest, measured, spans
from keeper.lab.localnet import TransactionRecord
from keeper.lab.market import judgement, stakers
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import PostedJob, terms_of
from keeper.node.registration import capability
from kernels.models.digits import graph
from neurolov_client import SHARDS, escrow, job_registry, shard_of, staking, verdict

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
CAPABILITY = capability(
    ask=10 * NLOV,
    memory_bytes=MEMORY_BYTES,
    rate=1 << 20,
    max_macs=1 << 40,
    endpoint="http://127.0.0.1:7010",
)
MOST_QUIET_JOBS = 60
PARTIAL_OPERATORS = 5
SEATS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """Compute units: each instruction's dearest call and its span, and by instruction those of one
    job that nobody samples and of one ballot.
    """

    instructions: dict[str, Measured]
    spans: dict[str, Span]
    lifecycle: dict[str, int]
    ballot: dict[str, int]


def run_scenario() -> Figures:
    """Plays everything in a fresh sandbox; every run gives the same figures."""
    network = graph()
    # SciPy, which reads the images, warns when it is loaded after the VM has run.
    lie, trace = lie_about_digits(network), Trace(network)
    sandbox = RecordingSandbox()
    buyer, crank = sandbox.person("buyer"), sandbox.person("crank")
    providers = [sandbox.person(f"provider {number}") for number in (1, 2)]
    jobs = GraphJobs(sandbox, buyer, network)
    jobs.register()
    for provider in providers:
        _register(sandbox, provider)
    sandbox.stand()
    lifecycle = _quiet_jobs(jobs, providers[0], crank)
    _unhappy_ends(jobs, providers[0], crank)
    seats = seat_verifiers(sandbox, crank, range(1), sandbox.parameters.staking.min_verifier_stake)
    _exhausted_verifier(jobs, providers[1], crank, seats)
    _silent_verifier(jobs, providers[1], crank)
    seats |= seat_verifiers(sandbox, crank, range(1, SEATS))
    add_collateral(sandbox, seats[1])
    ballot = _balloted_jobs(jobs, providers[0], crank, seats)
    _disputed_job(jobs, providers[0], crank, seats, lie)
    _trapped_job(jobs, providers[0], crank, seats, lie)
    _missed_job(jobs, providers[0], crank, seats, trace)
    _withheld_job(jobs, providers[0], crank, seats)
    play_tasks(sandbox)
    _stakers(sandbox, crank)
    _deregister(sandbox, providers[1])
    change_terms(sandbox, crank)
    evict(sandbox, crank, 0, seats[0])
    leave(sandbox, crank, 1, seats[1])
    crowd(sandbox, crank)
    hand_over(sandbox, crank)
    return Figures(dearest(sandbox.records), spans(sandbox.records), lifecycle, ballot)


def _register(sandbox: RecordingSandbox, provider: Actor) -> None:
    """Stakes, registers, names an operator, and lets that one move the node."""
    sandbox.stake(provider)
    owner, operator = provider.key, sandbox.person(f"operator of {provider.name}")
    for step in (
        job_registry.register_provider(capability=CAPABILITY, owner=owner),
        job_registry.update_provider(capability=CAPABILITY, draining=False, owner=owner),
        staking.set_operator(operator=operator.key, budget=NLOV, owner=owner),
    ):
        sandbox.send(step, signers=[provider])
    available = job_registry.set_availability(
        endpoint=CAPABILITY.endpoint,
        draining=False,
        signer=operator.key,
        position=staking.position_address(owner),
        provider=job_registry.provider_address(owner),
    )
    sandbox.send(available, signers=[operator])


def _deregister(sandbox: RecordingSandbox, provider: Actor) -> None:
    leaving = job_registry.deregister_provider(
        owner=provider.key,
        utilisation=job_registry.utilisation_address(shard_of(provider.key)),
    )
    sandbox.send(leaving, signers=[provider])


def _quiet_jobs(jobs: GraphJobs, provider: Actor, crank: Actor) -> dict[str, int]:
    """Plays jobs that nobody can verify until the provider's reputation spares one the draw.

    Returns the units of that job's whole life by instruction.
    """
    for _ in range(MOST_QUIET_JOBS):
        before = len(jobs.sandbox.records)
        judged = _committed(jobs, provider)
        _end(jobs, provider, crank, judged.job)
        if judged.verdict.outcome is Outcome.UNSAMPLED:
            return _lifecycle(jobs.sandbox.records[before:])
    raise RuntimeError(f"all of {MOST_QUIET_JOBS} jobs were sampled")


def _lifecycle(records: Iterable[TransactionRecord]) -> dict[str, int]:
    """The first call of each: one withdrawal and one reclaim, as provider and buyer need."""
    found: dict[str, int] = {}
    for record in records:
        for each in measured(record):
            if each.name in LIFECYCLE:
                found.setdefault(each.name, each.units)
    return {name: found[name] for name in LIFECYCLE}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A committed job, and its verdict right after the draw."""

    job: PostedJob
    verdict: Verdict


def _committed(
    jobs: GraphJobs, provider: Actor, root: bytes | None = None, **changes: object
) -> _Drawn:
    """Posts, claims, commits and draws a job."""
    job = jobs.post(**changes)
    jobs.claim(provider, job)
    committed = root or secret("trace", job.address)
    judgement.commit(jobs.sandbox, provider, job, root=committed)
    return _Drawn(job, jobs.draw(job))


def _sampled(jobs: GraphJobs, provider: Actor) -> _Drawn:
    """Posts, claims, commits and draws a job for one verifier, by an always sampled provider."""
    drawn = _committed(jobs, provider, verifiers=1)
    if not drawn.verdict.ballots:
        raise RuntimeError(f"nobody was drawn for {drawn.job.address}")
    return drawn


def _end(jobs: GraphJobs, provider: Actor, crank: Actor, job: PostedJob) -> None:
    """Cranks the job to its end, pays everybody, and closes every account of the job."""
    jobs.sandbox.crank_to_the_end(crank, job.address)
    _collect(jobs, provider, job)


def _collect(jobs: GraphJobs, provider: Actor, job: PostedJob) -> None:
    """Pays everybody, and closes every account of the job."""
    sandbox, address = jobs.sandbox, job.address
    money = sandbox.view(address).escrow
    for index, credit in enumerate(money.credits if money is not None else ()):
        if not credit.paid:
            sandbox.act(jobs.buyer, Withdraw(address, index), address)
    if sandbox.exists(staking.exposure_address(address, provider.key)):
        sandbox.act(provider, ReleaseExposure(address, provider.key), address)
    sandbox.act(jobs.buyer, ReclaimEscrow(address), address)
    judged = sandbox.view(address).verdict
    for ballot in judged.ballots if judged is not None else ():
        # a ballot that was declined or never cast holds nothing
        voter = ballot.verifier
        if voter is not None and sandbox.exists(staking.exposure_address(address, voter)):
            sandbox.act(jobs.buyer, ReleaseBallot(address, ballot.index), address)
    if judged is not None:
        sandbox.act(provider, CloseVerdict(address), address)
    sandbox.act(jobs.buyer, ReclaimJob(address), address)


def _unhappy_ends(jobs: GraphJobs, provider: Actor, crank: Actor) -> None:
    """Plays jobs that are cancelled, never claimed, given up in the middle, and never posted."""
    sandbox = jobs.sandbox
    cancelled = jobs.post()
    sandbox.act(jobs.buyer, Cancel(cancelled.address), cancelled.address)
    _collect(jobs, provider, cancelled)
    _end(jobs, provider, crank, jobs.post())
    partial = jobs.post()
    jobs.claim(provider, partial)
    root = secret("trace", partial.address)
    judgement.commit(sandbox, provider, partial, last=PARTIAL_OPERATORS, root=root)
    sandbox.crank_to_the_end(crank, partial.address)
    if sandbox.view(partial.address).job.state is not JobState.SETTLED:
        raise RuntimeError(f"{partial.address} was given up in the middle and is not settled")
    _collect(jobs, provider, partial)
    job, lock = jobs.lock()
    sandbox.send(lock, signers=[jobs.buyer])
    refund = escrow.refund_unposted(buyer=jobs.buyer.key, job=job, destination=jobs.buyer.tokens)
    sandbox.send(refund, signers=[jobs.buyer])


def _exhausted_verifier(
    jobs: GraphJobs, provider: Actor, crank: Actor, seats: dict[int, Actor]
) -> None:
    """Draws the only verifier until its collateral backs no further ballot, which it declines."""
    rules, sandbox = jobs.sandbox.parameters.verdict, jobs.sandbox
    ((_, verifier),) = seats.items()
    at_risk, open_jobs = rules.ballot_exposure + rules.silence_fee, []
    while True:
        job = _sampled(jobs, provider).job
        open_jobs.append(job)
        position = stakers.position(sandbox, verifier)
        if position.collateral - position.balloted < at_risk:
            break
        jobs.vote(seats, job, Choice.ACCEPT)
    judgement.decline(sandbox, verifier, job, 0)
    for job in open_jobs:
        _end(jobs, provider, crank, job)


def _silent_verifier(jobs: GraphJobs, provider: Actor, crank: Actor) -> None:
    """Draws the only verifier, which neither casts nor declines and is reported."""
    _end(jobs, provider, crank, _sampled(jobs, provider).job)


def _balloted_jobs(
    jobs: GraphJobs, provider: Actor, crank: Actor, seats: dict[int, Actor]
) -> dict[str, int]:
    """Plays one job that is accepted and one that is rejected.

    Returns the units of the dearest ballot by instruction.
    """
    before = len(jobs.sandbox.records)
    for choice in (Choice.ACCEPT, Choice.REJECT):
        sampled = False
        while not sampled:
            drawn = _committed(jobs, provider)
            sampled = bool(drawn.verdict.ballots)
            if sampled:
                jobs.vote(seats, drawn.job, choice)
            _end(jobs, provider, crank, drawn.job)
    units = dearest(jobs.sandbox.records[before:])
    return {name: units[name].units for name in BALLOT}


def _disputed_job(
    jobs: GraphJobs, provider: Actor, crank: Actor, seats: dict[int, Actor], lie: Lie
) -> None:
    """Plays a lie that everybody drawn accepts, and that a proof then undoes."""
    judging = False
    while not judging:
        job, judging = _prove(jobs, provider, seats, lie, Choice.ACCEPT)
        _end(jobs, provider, crank, job)


def _trapped_job(
    jobs: GraphJobs, provider: Actor, crank: Actor, seats: dict[int, Actor], lie: Lie
) -> None:
    """Plays a lie that the buyer ordered, and that everybody drawn rejects."""
    judging, salt = False, secret("trap salt")
    while not judging:
        trap = trap_of(provider.key, lie.operator, salt)
        job, judging = _prove(jobs, provider, seats, lie, Choice.REJECT, trap=trap)
        opening = verdict.open_trap(
            salt=salt,
            terms=terms_of(jobs.sandbox, job),
            verdict=verdict.verdict_address(job.address),
            job=job.address,
            receipt=verdict.receipt_address(job.address),
        )
        jobs.sandbox.send(opening, signers=[jobs.buyer])
        _end(jobs, provider, crank, job)


def _prove(
    jobs: GraphJobs,
    provider: Actor,
    seats: dict[int, Actor],
    lie: Lie,
    choice: Choice,
    **changes: object,
) -> tuple[PostedJob, bool]:
    """Returns a job in which the lie is proven, and whether anybody was drawn to vote before."""
    job, dispute = open_dispute(jobs, provider, lie, **changes)
    judging = bool(jobs.draw(job).ballots)
    if judging:
        jobs.vote(seats, job, choice)
    dispute.prove()
    dispute.withdraw()
    return job, judging


def _missed_job(
    jobs: GraphJobs, provider: Actor, crank: Actor, seats: dict[int, Actor], trace: Trace
) -> None:
    """Plays data that everybody drawn misses, and that the provider then shows."""
    missing = False
    while not missing:
        drawn = _committed(jobs, provider, trace.root, input_root=trace.inputs_root)
        missing = bool(drawn.verdict.ballots)
        if missing:
            jobs.vote(seats, drawn.job, Choice.UNAVAILABLE)
            jobs.sandbox.act(crank, Tally(drawn.job.address), drawn.job.address)
            answer_questions(jobs, provider, drawn.job, trace)
        _end(jobs, provider, crank, drawn.job)


def _withheld_job(jobs: GraphJobs, provider: Actor, crank: Actor, seats: dict[int, Actor]) -> None:
    """Plays a result that the buyer asks for in vain."""
    drawn = _committed(jobs, provider)
    address = drawn.job.address
    if drawn.verdict.ballots:
        jobs.vote(seats, drawn.job, Choice.ACCEPT)
        jobs.sandbox.act(crank, Tally(address), address)
    jobs.sandbox.act(jobs.buyer, DemandAnswers(address), address)
    _end(jobs, provider, crank, drawn.job)


def _stakers(sandbox: RecordingSandbox, crank: Actor) -> None:
    """Funds and claims rewards, emits, sweeps fees, and unstakes."""
    staker = sandbox.person("staker")
    owner, tokens = staker.key, staker.tokens
    sandbox.stake(staker)
    rewards = staking.fund_rewards(amount=NLOV, funder=owner, source=tokens)
    emission = staking.fund_emission(amount=NLOV, funder=owner, source=tokens)
    for funding in (rewards, emission):
        sandbox.send(funding, signers=[staker])
    next_epoch(sandbox, crank)
    sandbox.act(crank, EmitRewards(0))
    for shard in range(SHARDS):
        if sandbox.tokens(escrow.fees_address(shard)):
            sandbox.act(crank, SweepFees(shard))
    claiming = staking.claim_rewards(owner=owner, destination=tokens)
    ticket = staking.ticket_address(owner, 0)
    unstaking = staking.request_unstake(amount=NLOV, owner=owner, ticket=ticket)
    for step in (claiming, unstaking):
        sandbox.send(step, signers=[staker])
    sandbox.warp(sandbox.parameters.staking.unbonding_slots)
    withdrawal = staking.withdraw(owner=owner, ticket=ticket, destination=tokens)
    sandbox.send(withdrawal, signers=[staker])
