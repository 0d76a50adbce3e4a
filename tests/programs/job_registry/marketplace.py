"""The actions of buyers, providers and the verdict program in the registry."""

from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypeVar

from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.transaction_metadata import FailedTransactionMetadata

from keeper.exact.decisions.selection import weight
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.sandbox import Sent
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.standing import claim_weight, standing
from neurolov_client import (
    SYSTEM_PROGRAM,
    Event,
    escrow,
    events_from_logs,
    find_bump,
    job_registry,
    program_error,
    staking,
)
from neurolov_client import Account as Stored
from neurolov_client.bindings.job_registry import MAX_DRAWS, PAID_CRANK_STEPS
from tests.programs.job_registry import steps
from tests.world import NLOV, Actor, World
from tests.world.governing import applying, forge_terms, queue

PARAMS = LOCALNET_PARAMETERS.job_registry
_RULES = LOCALNET_PARAMETERS.verdict
BALLOT_RENT = -(-_RULES.ballot_exposure * _RULES.ballot_rent_bps // 10_000)
"""Least verification fee per ballot, in base units."""
StoredType = TypeVar("StoredType", bound=Stored)
STAKE = 5_000 * NLOV
DEPLOYER = localnet_keypair("deployer")


def url(text: str = "http://127.0.0.1:8080") -> bytes:
    """Returns a URL as accounts store it."""
    return text.encode().ljust(96, b"\0")


CAPABILITY = job_registry.Capability(
    ask=NLOV, memory_bytes=8 << 30, declared_rate=5_000_000, max_macs=2**40, endpoint=url()
)
OFFER = job_registry.JobOffer(
    input_root=b"\1" * 32,
    manifest=b"\2" * 32,
    source=url("http://127.0.0.1:9000"),
    salt_commitment=sha256(b"salt").digest(),
    trap=b"\4" * 32,
    verifiers=3,
    price=10 * NLOV,
    verification_fee=NLOV // 5,
    tip=NLOV // 1_000,
    urgency=NLOV,
)


class Marketplace(World):
    """A world with registry actions. Each new person is an actor with its own name."""

    def person(self, tokens: int = 100_000 * NLOV) -> Actor:
        """Returns a new person."""
        return self.actor(f"person {len(self._actors)}", tokens=tokens)

    def staker(self, amount: int = STAKE) -> Actor:
        """Returns a new person with stake."""
        owner = self.person(amount)
        self.send(
            staking.open_position(owner=owner.key),
            staking.stake(amount=amount, owner=owner.key, source=owner.tokens),
            signers=[owner],
        )
        return owner

    def seated(self, index: int = 0, amount: int = STAKE) -> Actor:
        """Returns a staker with a seat, whose collateral is all of its stake."""
        owner = self.staker(amount)
        taking = staking.take_seat(index=index, collateral=amount, owner=owner.key)
        self.send(taking, signers=[owner])
        return owner

    def provider(self, stake: int = STAKE, **capability: Any) -> Actor:
        """Returns a registered provider that may claim what is posted from now on."""
        owner = self.registered(stake, **capability)
        self.stand()
        return owner

    def registered(self, stake: int = STAKE, **capability: Any) -> Actor:
        """Returns a provider that has just staked and registered."""
        owner = self.staker(stake)
        declared = replace(CAPABILITY, **capability)
        self.send(
            job_registry.register_provider(capability=declared, owner=owner.key), signers=[owner]
        )
        return owner

    def operator_of(self, owner: Actor, budget: int = STAKE) -> Actor:
        """Returns a new person that the owner appoints as its operator."""
        operator = self.person(0)
        naming = staking.set_operator(operator=operator.key, budget=budget, owner=owner.key)
        self.send(naming, signers=[owner])
        return operator

    def buyer(self, tokens: int = 100_000 * NLOV) -> Actor:
        """Returns a person who may post jobs."""
        owner = self.person(tokens)
        self.send(job_registry.open_buyer(owner=owner.key), signers=[owner])
        return owner

    def graph(self, author: Actor, recorded: int = 1) -> Pubkey:
        """Returns a recorded graph, registered and sealed."""
        descriptors, root = steps.recorded_graph(recorded)
        self.send(steps.open_graph(author, root, len(descriptors)), signers=[author])
        graph = job_registry.graph_address(author.key, root)
        for instruction in steps.appends(author, graph, descriptors):
            self.send(instruction, signers=[author])
        return graph

    def lock(
        self, buyer: Actor, job_id: int, offer: job_registry.JobOffer, **changed: Any
    ) -> Instruction:
        """Locks what a job's offer requires; urgency doubles, because half is burned."""
        amounts = {
            "price": offer.price,
            "verification": offer.verification_fee * MAX_DRAWS * offer.verifiers,
            "tips": offer.tip * PAID_CRANK_STEPS,
            "urgency": offer.urgency * 2,
        }
        seeds = (b"job", bytes(buyer.key), job_id.to_bytes(8, "little"))
        return escrow.lock(
            job_id=job_id,
            job_bump=find_bump(seeds, job_registry.ID),
            deposit=escrow.Deposit(**(amounts | changed)),
            buyer=buyer.key,
            terms=self.terms,
            mint=self.mint,
            job=job_registry.job_address(buyer.key, job_id),
            source=buyer.tokens,
        )

    def post(
        self,
        buyer: Actor,
        graph: Pubkey,
        job_id: int = 0,
        offer: job_registry.JobOffer = OFFER,
        **accounts: Any,
    ) -> tuple[Pubkey, Sent]:
        """Locks and posts in one transaction; returns the job."""
        sent = self.send(
            self.lock(buyer, job_id, offer),
            steps.post_job(self, buyer, graph, job_id, offer, **accounts),
            signers=[buyer],
        )
        return job_registry.job_address(buyer.key, job_id), sent

    def posted(self, recorded: int = 1, **offer: Any) -> tuple[Pubkey, Actor]:
        """Returns a job and its new buyer, on a new graph."""
        buyer = self.buyer()
        job, _ = self.post(buyer, self.graph(buyer, recorded), offer=replace(OFFER, **offer))
        return job, buyer

    def first_claim_slot(self, job: Pubkey, owner: Actor) -> int:
        """Returns the slot in which the claim order lets a provider claim.

        The job's beacon must exist.
        """
        posted_slot, rules = self.job(job).posted_slot, self.parameters.job_registry
        hashes = dict(self.bank.slot_hashes())
        beacon = bytes(hashes[min(slot for slot in hashes if slot >= posted_slot)])
        window = posted_slot // CHECKPOINT_SLOTS
        position = self.position_of(owner)
        stood = standing(position.history.ring, window, position.amount)
        room = position.amount - position.collateral - (position.exposed - position.balloted)
        left = reputation_at(self.provider_of(owner), posted_slot, rules.reputation_half_life_slots)
        own = weight(claim_weight(stood, position.amount, room), left)
        pool = self.fetch(staking.Pool, staking.pool_address())
        total = standing(pool.lease_history.ring, window, pool.total_staked - pool.collateral)
        return posted_slot + 1 + delay(rules, lot(beacon, job, owner.key), own, total)

    def claim(self, job: Pubkey, owner: Actor, signer: Actor | None = None) -> Sent:
        """Claims as soon as it is the provider's turn."""
        self.reach(self.job(job).posted_slot + 1)
        self.reach(self.first_claim_slot(job, owner))
        return self.send(steps.claim(self, job, owner, signer), signers=[signer or owner])

    def reach(self, slot: int) -> None:
        """Lets slots pass until this one, if it is still ahead."""
        self.warp_to(max(self.slot, slot))

    def leased(self, recorded: int = 1, **offer: Any) -> tuple[Pubkey, Actor, Actor]:
        """Returns a job, its buyer, and the provider that holds it."""
        owner = self.provider()
        job, buyer = self.posted(recorded, **offer)
        self.claim(job, owner)
        return job, buyer, owner

    def committed(self, **offer: Any) -> tuple[Pubkey, Actor, Actor]:
        """Returns a job whose provider committed everything ten slots after its claim."""
        job, buyer, owner = self.leased(**offer)
        self.warp(10)
        read = self.job(job)
        self.as_verdict(steps.record_stage(self, job, owner, read.operators, read.macs))
        return job, buyer, owner

    def expire_lease(self, job: Pubkey, owner: Actor, payer: Actor | None = None) -> Sent:
        """Waits for a lease's end and expires it."""
        self.reach(self.job(job).lease.expires_slot + 1)
        return self.send(steps.expire_lease(self, job, owner, payer))

    def amend(self, part: str = "job_registry", /, **changes: int) -> None:
        """Overwrites one part of the current terms, also beyond its parameters' bounds."""
        amended = replace(getattr(self.parameters, part), **changes)
        forge_terms(self, replace(self.parameters, **{part: amended}))

    def queue_terms(self, **changes: int) -> Pubkey:
        """Queues terms with other registry parameters, and returns their address."""
        registry = replace(self.parameters.job_registry, **changes)
        queued = queue(self, replace(self.parameters, job_registry=registry))
        return staking.terms_address(queued.only(staking.TermsQueued).version)

    def apply_terms(self, queued: Pubkey) -> None:
        """Applies queued terms, as soon as that is allowed."""
        self.reach(self.fetch(staking.Terms, queued).applies_slot)
        self.send(applying(self))

    def as_verdict(self, *instructions: Instruction) -> tuple[Event, ...]:
        """Runs instructions that the verdict program's own signer signs."""
        result = self.forge(instructions, self._payer.pubkey())
        if isinstance(result, FailedTransactionMetadata):
            error = program_error(result.err(), logs=result.meta().logs())
            assert error is not None
            raise error
        return events_from_logs(result.logs())

    def as_verdict_fails(self, error: str, *instructions: Instruction) -> None:
        """Does the same as `fails`, signed by the verdict program."""
        before = self.snapshot()
        result = self.forge(instructions, self._payer.pubkey())
        assert isinstance(result, FailedTransactionMetadata), f"expected {error}"
        failure = program_error(result.err(), logs=result.meta().logs())
        assert failure is not None
        assert failure.name == error, failure
        assert not self.changed(before)

    def purge(self, address: Pubkey) -> None:
        """Removes an account, as if it had never been created."""
        self.bank.set_account(address, Account(0, b"", SYSTEM_PROGRAM))

    def edit(self, kind: type[StoredType], address: Pubkey, **values: int) -> None:
        """Overwrites integer fields of an account, to reach states that otherwise take long."""
        raw = self.bank.account(address)
        assert raw is not None
        data = bytearray(raw.data)
        offsets = sorted(kind.OFFSETS.items(), key=lambda item: item[1])
        ends = {name: end for (name, _), (_, end) in pairwise([*offsets, ("", len(data))])}
        for name, value in values.items():
            start, end = kind.OFFSETS[name], ends[name]
            data[start:end] = value.to_bytes(end - start, "little")
        self.bank.set_account(address, Account(raw.lamports, bytes(data), raw.owner))

    def lamports(self, address: Pubkey) -> int:
        """Returns the lamports of an account, 0 where there is none."""
        return self.bank.balance(address)

    def job(self, address: Pubkey) -> job_registry.Job:
        """Returns a job's account."""
        return self.fetch(job_registry.Job, address)

    def provider_of(self, owner: Actor) -> job_registry.Provider:
        """Returns a provider's account."""
        return self.fetch(job_registry.Provider, job_registry.provider_address(owner.key))

    def position_of(self, owner: Actor) -> staking.Position:
        """Returns a staker's account."""
        return self.fetch(staking.Position, staking.position_address(owner.key))

    def escrow_of(self, job: Pubkey) -> escrow.Escrow:
        """Returns a job's escrow."""
        return self.fetch(escrow.Escrow, escrow.escrow_address(job))

    def shard_for(self, key: Pubkey) -> job_registry.UtilisationShard:
        """Returns the shard that counts a job's work or an owner's capacity."""
        return self.fetch(job_registry.UtilisationShard, steps.utilisation(key))


def reputation_at(provider: job_registry.Provider, slot: int, half_life: int) -> int:
    """Returns what is left of a provider's reputation, Q16: halved every `half_life` slots."""
    halvings, rest = divmod(max(0, slot - provider.rated_slot), half_life)
    halved = provider.reputation >> halvings
    return halved - halved * rest // half_life // 2


def collateral(
    offer: job_registry.JobOffer, params: staking.RegistryParams = PARAMS
) -> tuple[int, int]:
    """Returns a lease's exposure and bond in base units: both follow from the offer alone."""
    offered = offer.price + offer.urgency
    exposure = max(params.kappa * offered, params.min_exposure)
    return exposure, -(-offered * params.bond_bps // 10_000)
