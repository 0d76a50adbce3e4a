"""Runs the registered checks, stage by stage, and finds out what a key is."""

from collections.abc import AsyncIterator

from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError
from keeper.chain.gateway import Gateway
from keeper.cli.doctor import cluster, funds, machine, serving, stake
from keeper.cli.doctor.checks import REGISTERED, ChainState, Check, DoctorRole, Stage, Subject
from keeper.configuration import KeyFileError, load_keypair
from keeper.exact.roles.archive import FOLDER as TRACES
from keeper.node.accounts import optional, required
from keeper.node.holding import Holding
from keeper.node.timeline import Timeline
from neurolov_client import associated_token_address, job_registry, redundancy, staking
from neurolov_client.bindings.staking import NO_SEAT

MODULES = (cluster, machine, funds, stake, serving)
"""The modules whose import registers their checks, in the order in which they run."""


async def examine(subject: Subject, named: frozenset[DoctorRole]) -> AsyncIterator[Check]:
    """Yields all findings about the named roles, or about what the key is found to be.

    Raises BadInputError where the URL or the genesis hash has the wrong form.
    """
    subject.roles = named
    signer = _signer(subject)
    subject.signer_ = signer if isinstance(signer, Pubkey) else None
    gateway = Gateway.of(subject.options.settings)
    try:
        async with gateway:
            await _reach(subject, gateway)
            if not named and subject.signer_ is not None:
                subject.roles = await found_roles(subject)
            yield _role_check(subject, named)
            async for check in _run(subject, Stage.MACHINE, Stage.CLUSTER):
                yield check
            if isinstance(signer, Check):
                yield signer
                return
            async for check in _run(subject, Stage.KEY):
                yield check
            if Stage.PROGRAMS in subject.reached:
                subject.chain_ = await _chain_state(gateway, subject.owner)
                async for check in _run(subject, Stage.PROGRAMS):
                    yield check
    except ChainError as error:
        if Stage.CLUSTER not in subject.reached:
            async for check in _run(subject, Stage.MACHINE):
                yield check
        advice = "correct --url, or start a cluster: neurolov localnet"
        yield Check("chain", False, str(error), advice)


async def found_roles(subject: Subject) -> frozenset[DoctorRole]:
    """Returns what the owner is registered as, and what the folder has been used for."""
    owner = subject.owner
    provider, verifier, position, *buyers = await subject.gateway.accounts(
        [
            job_registry.provider_address(owner),
            job_registry.verifier_address(owner),
            staking.position_address(owner),
            job_registry.buyer_address(owner),
            redundancy.buyer_address(owner),
        ]
    )
    found = set()
    if provider is not None:
        found.add(DoctorRole.PROVIDER)
    held = optional(staking.Position, position)
    if verifier is not None or (held is not None and held.seat != NO_SEAT):
        found.add(DoctorRole.VERIFIER)
    if any(buyer is not None for buyer in buyers):
        found.add(DoctorRole.BUYER)
    if any(subject.options.settings.folder.glob(f"**/{TRACES}")):
        found.add(DoctorRole.CHALLENGER)
    return frozenset(found)


def _role_check(subject: Subject, named: frozenset[DoctorRole]) -> Check:
    told = ", ".join(sorted(map(str, subject.roles)))
    if told:
        return Check("role", True, told if named else f"{told}, by what the chain and folder say")
    choices = "|".join(DoctorRole)
    return Check("role", True, f"none yet; name what it shall be with --role {choices}")


def _signer(subject: Subject) -> Pubkey | Check:
    path = subject.options.keypair
    try:
        return load_keypair(path).pubkey()
    except KeyFileError as error:
        return Check("key", False, str(error), f"make one: neurolov key new {path}")


async def _reach(subject: Subject, gateway: Gateway) -> None:
    subject.gateway_ = gateway
    subject.genesis_ = await gateway.check_cluster()
    subject.timeline_ = await Timeline.of(gateway)
    subject.reached |= {Stage.CLUSTER, Stage.KEY}


async def _run(subject: Subject, *stages: Stage) -> AsyncIterator[Check]:
    for registered in REGISTERED:
        if registered.stage in stages and registered.concerns(subject):
            async for check in registered.examine(subject):
                yield check


async def _chain_state(gateway: Gateway, owner: Pubkey) -> ChainState:
    holding = await Holding.of(gateway, owner)
    terms, tree, provider, verifier = await gateway.accounts(
        [
            staking.terms_address(holding.pool.terms),
            staking.verifiers_address(),
            job_registry.provider_address(owner),
            job_registry.verifier_address(owner),
        ]
    )
    tokens = associated_token_address(owner, holding.pool.mint)
    return ChainState(
        holding=holding,
        terms=required(staking.Terms, terms).parameters,
        provider=optional(job_registry.Provider, provider),
        verifier=optional(job_registry.Verifier, verifier),
        tokens=await gateway.token_balance(tokens),
        seats=required(staking.VerifierTree, tree).seats,
    )
