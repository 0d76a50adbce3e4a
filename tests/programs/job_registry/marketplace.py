"""The actions of buyers, providers and the verdict program in the registry."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.transaction_metadata import FailedTransactionMetadata

from idl.client import (
    SYSTEM_PROGRAM,
    Event,
    escrow,
    events_from_logs,
    find_bump,
    job_registry,
    program_error,
    shard_of,
    staking,
)
from idl.client import Account as Stored
from idl.client.bindings.job_registry import MAX_DRAWS, PAID_CRANK_STEPS, JobState
from keeper.exact.decisions.selection import ClaimRules, Standing, reputation_at, weight
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.sandbox import Sent
from keeper.node.decisions.claim_order import delay, lot
from tests.world import NLOV, Actor, World

PARAMS = LOCALNET_PARAMETERS.job_registry
StoredType = TypeVar("StoredType", bound=Stored)
RECORDED = json.loads(
    (Path(__file__).parents[2] / "recorded" / "descriptors.json").read_text("utf-8")
)
STAKE = 5_000 * NLOV
DEPLOYER = localnet_keypair("deployer")


def url(text: str = "http://127.0.0.1:8080") -> bytes:
    """Returns a URL as accounts store it."""
    return text.encode().ljust(96, b"\0")


CAPABILITY = job_registry.Capability(
    ask=NLOV, memory_bytes=8 << 30, declared_rate=5_000_000, max_macs=2**40, endpoint=url()
)
TERMS = job_registry.JobOffer(
    input_root=b"\1" * 32,
    manifest=b"\2" * 32,
    source=url("http://127.0.0.1:9000"),
    salt_commitment=sha256(b"salt").digest(),
    trap=b"\4" * 32,
    verifiers=3,
    price=10 * NLOV,
    verification_fee=NLOV // 10,
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
        """Returns a staker with a seat."""
        owner = self.staker(amount)
        self.send(staking.take_seat(index=index, owner=owner.key), signers=[owner])
        return owner

    def provider(self, stake: int = STAKE, **capability: Any) -> Actor:
        """Returns a registered provider, old enough to claim."""
        owner = self.staker(stake)
        declared = replace(CAPABILITY, **capability)
        self.send(
            job_registry.register_provider(capability=declared, owner=owner.key), signers=[owner]
        )
        self.warp(PARAMS.min_registration_slots)
        return owner

    def buyer(self, tokens: int = 100_000 * NLOV) -> Actor:
        """Returns a person who may post jobs."""
        owner = self.person(tokens)
        self.send(job_registry.open_buyer(owner=owner.key), signers=[owner])
        return owner

    def graph(self, author: Actor, recorded: int = 1) -> Pubkey:
        """Returns a recorded graph, registered and sealed."""
        descriptors, root = recorded_graph(recorded)
        self.send(open_graph(author, root, len(descriptors)), signers=[author])
        graph = job_registry.graph_address(author.key, root)
        for instruction in appends(author, graph, descriptors):
            self.send(instruction, signers=[author])
        return graph

    def lock(
        self, buyer: Actor, job_id: int, offer: job_registry.JobOffer, **changed: Any
    ) -> Instruction:
        """Locks what the offer of a job require; urgency doubles, because half is burned."""
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
            offer=escrow.Deposit(**(amounts | changed)),
            buyer=buyer.key,
            mint=self.mint,
            job=job_registry.job_address(buyer.key, job_id),
            source=buyer.tokens,
        )

    def post(
        self,
        buyer: Actor,
        graph: Pubkey,
        job_id: int = 0,
        offer: job_registry.JobOffer = TERMS,
        **accounts: Any,
    ) -> tuple[Pubkey, Sent]:
        """Locks and posts in one transaction; returns the job."""
        sent = self.send(
            self.lock(buyer, job_id, offer),
            post_job(buyer, graph, job_id, offer, **accounts),
            signers=[buyer],
        )
        return job_registry.job_address(buyer.key, job_id), sent

    def posted(self, recorded: int = 1, **offer: Any) -> tuple[Pubkey, Actor]:
        """Returns a job and its new buyer, on a new graph."""
        buyer = self.buyer()
        job, _ = self.post(buyer, self.graph(buyer, recorded), offer=replace(TERMS, **offer))
        return job, buyer

    def claim_rules(self) -> ClaimRules:
        """Returns the parameters in force, as the keeper reads them."""
        params = self.registry().params
        return ClaimRules(
            max_attempts=params.max_attempts,
            min_registration_slots=params.min_registration_slots,
            claim_scale_slots=params.claim_scale_slots,
            claim_max_delay_slots=params.claim_max_delay_slots,
            capability_ref=params.capability_ref,
            reputation_half_life_slots=params.reputation_half_life_slots,
            season_q32=params.season_q32,
            ageing_q32=params.ageing_q32,
            kappa=params.kappa,
            bond_bps=params.bond_bps,
        )

    def standing(self, owner: Actor) -> Standing:
        """Returns a provider as the keeper reads it."""
        provider, position = self.provider_of(owner), self.position_of(owner)
        return Standing(
            ask=provider.ask,
            max_macs=provider.max_macs,
            measured_rate=provider.measured_rate,
            reputation=provider.reputation,
            rated_slot=provider.rated_slot,
            registered_slot=provider.registered_slot,
            free_stake=position.amount - position.exposed,
        )

    def first_claim_slot(self, job: Pubkey, owner: Actor) -> int:
        """Returns the slot in which the claim order lets a provider claim.

        The job's beacon must exist.
        """
        posted_slot = self.job(job).posted_slot
        hashes = dict(self.bank.slot_hashes())
        beacon = bytes(hashes[min(slot for slot in hashes if slot >= posted_slot)])
        drawn = lot(beacon, job, owner.key)
        rules, standing = self.claim_rules(), self.standing(owner)
        left = reputation_at(standing, posted_slot, rules.reputation_half_life_slots)
        own = weight(standing.free_stake, left)
        total = self.fetch(staking.Pool, staking.pool_address()).total_staked
        return posted_slot + 1 + delay(rules, drawn, own, total)

    def claim(self, job: Pubkey, owner: Actor) -> Sent:
        """Claims as soon as it is the provider's turn."""
        self.reach(self.job(job).posted_slot + 1)
        self.reach(self.first_claim_slot(job, owner))
        return self.send(job_registry.claim(owner=owner.key, job=job), signers=[owner])

    def reach(self, slot: int) -> None:
        """Lets slots pass until this one, if it is still ahead."""
        self.warp_to(max(self.slot, slot))

    def leased(self, recorded: int = 1, **offer: Any) -> tuple[Pubkey, Actor, Actor]:
        """Returns a job, its buyer, and the provider that holds it."""
        owner = self.provider()
        job, buyer = self.posted(recorded, **offer)
        self.claim(job, owner)
        return job, buyer, owner

    def committed(self) -> tuple[Pubkey, Actor, Actor]:
        """Returns a job whose provider committed everything ten slots after its claim."""
        job, buyer, owner = self.leased()
        self.warp(10)
        read = self.job(job)
        self.as_verdict(record_stage(job, owner, read.operators, read.macs))
        return job, buyer, owner

    def expire_lease(self, job: Pubkey, owner: Actor) -> Sent:
        """Waits for a lease's end and expires it."""
        self.reach(self.job(job).lease.expires_slot + 1)
        return self.send(job_registry.expire_lease(job=job, owner=owner.key))

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

    def registry(self) -> job_registry.Registry:
        """Returns the registry's account."""
        return self.fetch(job_registry.Registry, job_registry.registry_address())

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

    def shard_for(self, job: Pubkey) -> job_registry.UtilisationShard:
        """Returns the shard whose counters include the job."""
        return self.fetch(job_registry.UtilisationShard, utilisation(job))


def recorded_graph(index: int) -> tuple[list[bytes], bytes]:
    """Returns the descriptors and spec root of a recorded graph."""
    vector = RECORDED["graphs"][index]
    return [bytes.fromhex(each) for each in vector["descriptors"]], bytes.fromhex(
        vector["spec_root"]
    )


def open_graph(author: Actor, spec_root: bytes, operators: int) -> Instruction:
    """Allocates a graph."""
    return job_registry.open_graph(spec_root=spec_root, operators=operators, author=author.key)


def append(author: Actor, graph: Pubkey, *descriptors: bytes) -> Instruction:
    """Appends descriptors in one instruction."""
    data = b"".join(descriptors)
    return job_registry.append_operators(data=data, author=author.key, graph=graph)


def appends(author: Actor, graph: Pubkey, descriptors: list[bytes]) -> Iterator[Instruction]:
    """Yields instructions with three descriptors each, the most that a transaction carries."""
    for first in range(0, len(descriptors), 3):
        yield append(author, graph, *descriptors[first : first + 3])


def post_job(
    poster: Actor, graph: Pubkey, job_id: int, offer: job_registry.JobOffer, **accounts: Any
) -> Instruction:
    """Posts a job whose escrow was locked earlier in the same transaction."""
    job = job_registry.job_address(poster.key, job_id)
    given = {"owner": poster.key, "graph": graph, "utilisation": utilisation(job)}
    return job_registry.post_job(job_id=job_id, offer=offer, **(given | accounts))


def record_stage(
    job: Pubkey, owner: Actor, last: int, macs: int = 0, **accounts: Any
) -> Instruction:
    """Returns the verdict program's call when a stage is committed."""
    given = {"job": job, "provider": job_registry.provider_address(owner.key)}
    return job_registry.record_stage(last=last, macs_done=macs, **(given | accounts))


def conclude(
    job: Pubkey, owner: Actor, outcome: int, macs: int = 0, **accounts: Any
) -> Instruction:
    """Returns the verdict program's call when a job is settled, or voided by `owner`'s fault."""
    given = {
        "job": job,
        "provider": job_registry.provider_address(owner.key),
        "utilisation": utilisation(job),
    }
    blamed = owner.key if outcome == JobState.VOIDED else Pubkey.default()
    return job_registry.conclude(
        outcome=outcome, paid_macs=macs, **({"blamed": blamed} | given | accounts)
    )


def utilisation(job: Pubkey) -> Pubkey:
    """Returns the shard that counts a job."""
    return job_registry.utilisation_address(shard_of(job))
