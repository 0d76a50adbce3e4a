"""What a check is, what it may look at, and how it is registered.

A module of checks registers each of its functions by `@examines(stage, *roles)`. They run in the
order of the stages, and within a stage in the order in which they were registered.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from solders.hash import Hash
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.configuration import NodeSettings
from keeper.node.holding import Holding
from keeper.node.timeline import Timeline
from neurolov_client import job_registry, staking


class DoctorRole(StrEnum):
    """What a key can be examined as."""

    PROVIDER = "provider"
    VERIFIER = "verifier"
    CRANK = "crank"
    BUYER = "buyer"
    CHALLENGER = "challenger"


class Stage(IntEnum):
    """What has to be known before a check can run."""

    MACHINE = 0
    CLUSTER = 1
    KEY = 2
    PROGRAMS = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `advice` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was given. `public_url` is None where the node's URL is not known."""

    settings: NodeSettings
    keypair: Path
    owner: Pubkey | None
    adapter: str | None
    public_url: str | None
    quota_bytes: int


@dataclass(frozen=True, slots=True)
class ChainState:
    """What the programs say of the owner, and the terms that new work is posted under.

    A registration is None where there is none. `tokens` is None where the owner has no $NLOV
    account. `seats` are the verifier seats in existence.
    """

    holding: Holding
    terms: staking.Parameters
    provider: job_registry.Provider | None
    verifier: job_registry.Verifier | None
    tokens: int | None
    seats: int


@dataclass(slots=True)
class Subject:
    """Whom and what the checks look at; each stage adds what it is named after."""

    options: Options
    roles: frozenset[DoctorRole] = frozenset()
    gateway_: Gateway | None = None
    genesis_: Hash | None = None
    timeline_: Timeline | None = None
    signer_: Pubkey | None = None
    chain_: ChainState | None = None
    reached: set[Stage] = field(default_factory=lambda: {Stage.MACHINE})

    @property
    def gateway(self) -> Gateway:
        """The cluster's gateway, from the stage CLUSTER on."""
        assert self.gateway_ is not None
        return self.gateway_

    @property
    def genesis(self) -> Hash:
        """The cluster's genesis hash, from the stage CLUSTER on."""
        assert self.genesis_ is not None
        return self.genesis_

    @property
    def timeline(self) -> Timeline:
        """The cluster's time, from the stage CLUSTER on."""
        assert self.timeline_ is not None
        return self.timeline_

    @property
    def signer(self) -> Pubkey:
        """The address of the key that signs and pays, from the stage KEY on."""
        assert self.signer_ is not None
        return self.signer_

    @property
    def owner(self) -> Pubkey:
        """The party that the key acts for, from the stage KEY on."""
        return self.options.owner or self.signer

    @property
    def by_operator(self) -> bool:
        """Whether the key acts for another owner."""
        return self.owner != self.signer

    @property
    def chain(self) -> ChainState:
        """What the programs say, in the stage PROGRAMS."""
        assert self.chain_ is not None
        return self.chain_

    @property
    def is_local(self) -> bool:
        """Whether the cluster runs on this machine, so that it is a localnet with a faucet."""
        return urlsplit(self.options.settings.url).hostname in ("127.0.0.1", "localhost", "::1")

    def is_any_of(self, *roles: DoctorRole) -> bool:
        """Returns whether the key is examined as one of the roles."""
        return not self.roles.isdisjoint(roles)


Examination = Callable[[Subject], AsyncIterator[Check]]


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered function of checks, and the roles that it concerns; none stands for all."""

    stage: Stage
    roles: frozenset[DoctorRole]
    examine: Examination

    def concerns(self, subject: Subject) -> bool:
        """Returns whether it applies to the subject's roles."""
        return not self.roles or subject.is_any_of(*self.roles)


REGISTERED: list[Registered] = []


def examines(stage: Stage, *roles: DoctorRole) -> Callable[[Examination], Examination]:
    """Returns a decorator that registers checks for roles, by default for all."""

    def register(examine: Examination) -> Examination:
        REGISTERED.append(Registered(stage, frozenset(roles), examine))
        return examine

    return register
