"""What the cluster needs to offer: the chain, its clock, the programs, others to trade with."""

import time
from collections.abc import AsyncIterator

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.cli.doctor.checks import Check, DoctorRole, Stage, Subject, examines
from keeper.node.timeline import chain_seconds
from neurolov_client import PROGRAM_IDS, Account, AccountDataError, escrow, job_registry, staking

MAX_SKEW_SECONDS = 30

KNOWN: tuple[tuple[Pubkey, type[Account]], ...] = (
    (staking.pool_address(), staking.Pool),
    (staking.verifiers_address(), staking.VerifierTree),
    (escrow.config_address(), escrow.Config),
    (job_registry.market_address(), job_registry.Market),
)
"""Accounts that every deployment has, by which a version is known."""


@examines(Stage.CLUSTER)
async def chain(subject: Subject) -> AsyncIterator[Check]:
    """Tells the cluster and its present slot."""
    gateway, timeline = subject.gateway, subject.timeline
    detail = f"{gateway.url}: {timeline.told(timeline.slot)}, genesis {subject.genesis}"
    yield Check("chain", True, detail)


@examines(Stage.CLUSTER)
async def clock(subject: Subject) -> AsyncIterator[Check]:
    """Compares this machine's clock with the chain's."""
    told = await chain_seconds(subject.gateway)
    if told is None:
        yield Check("clock", True, "the node reports no block time")
        return
    skew = time.time() - told
    within = abs(skew) <= MAX_SKEW_SECONDS
    advice = "set this machine's clock: timedatectl set-ntp true"
    yield Check("clock", within, f"{skew:+.1f} s from the chain's", advice)


@examines(Stage.CLUSTER)
async def programs(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the programs are deployed, in the version that this client knows."""
    names = list(PROGRAM_IDS)
    raws = await subject.gateway.accounts([PROGRAM_IDS[name] for name in names])
    missing = [
        name for name, raw in zip(names, raws, strict=True) if raw is None or not raw.executable
    ]
    if missing:
        detail = f"not deployed on {subject.gateway.url}: {', '.join(missing)}"
        advice = "correct --url, or start a cluster with the programs: neurolov localnet"
        yield Check("programs", False, detail, advice)
        return
    found = await subject.gateway.accounts([address for address, _ in KNOWN])
    for (address, kind), raw in zip(KNOWN, found, strict=True):
        if not _is_known(kind, raw):
            detail = f"the {kind.PROGRAM} {kind.__name__} at {address} is not as this client knows"
            advice = "install the neurolov version that this cluster runs: pip install neurolov"
            yield Check("programs", False, detail, advice)
            return
    detail = f"all {len(names)} deployed, in the version that this client knows"
    yield Check("programs", True, detail)
    subject.reached.add(Stage.PROGRAMS)


def _is_known(kind: type[Account], raw: RawAccount | None) -> bool:
    if raw is None or len(raw.data) != kind.SIZE:
        return False
    try:
        kind.decode(bytes(raw.data), owner=raw.owner)
    except AccountDataError:
        return False
    return True


@examines(Stage.PROGRAMS, DoctorRole.BUYER)
async def providers(subject: Subject) -> AsyncIterator[Check]:
    """Checks that there are providers to take a job."""
    found = [
        account
        for _, account in await subject.gateway.program_accounts(job_registry.Provider)
        if not account.draining
    ]
    if not found:
        advice = "nobody would claim a job; wait for one, or run one: neurolov provider run"
        yield Check("providers", False, "none is registered", advice)
        return
    cheapest = nlov(min(account.ask for account in found))
    detail = f"{len(found)} registered, the cheapest asks {cheapest} NLOV per 2^30 multiply-adds"
    yield Check("providers", True, detail)


@examines(Stage.PROGRAMS, DoctorRole.BUYER)
async def verifiers(subject: Subject) -> AsyncIterator[Check]:
    """Checks that there are verifier seats to draw from."""
    seats = subject.chain.seats
    advice = "nobody checks results here yet; wait for one, or run one: neurolov verifier run"
    yield Check("verifiers", seats > 0, f"{seats} verifier seats are taken", advice)
