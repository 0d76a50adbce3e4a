"""What buyers, providers and the verdict program do with the registry."""

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
from keeper.chain.deploy import LOCALNET_PARAMETERS, localnet_keypair
from keeper.jobs.selection import ClaimRules, Standing, delay, lot, reputation_at, weight
from tests.world import NLOV, Actor, World
from tests.world.world import Sent

PARAMS = LOCALNET_PARAMETERS.job_registry
StoredType = TypeVar("StoredType", bound=Stored)
DRAWS = 3
TIPS = 8
RECORDED = json.loads(
    (Path(__file__).parents[2] / "recorded" / "descriptors.json").read_text("utf-8")
)
POSTED, CLAIMED, COMMITTED, SETTLED, CANCELLED, EXPIRED, VOIDED = range(7)
STAKE = 5_000 * NLOV
DEPLOYER = localnet_keypair("deployer")


def url(text: str = "http://127.0.0.1:8080") -> bytes:
    """A URL as accounts hold it."""
    return text.encode().ljust(96, b"\0")


CAPABILITY = job_registry.Capability(
    ask=NLOV, memory_bytes=8 << 30, declared_rate=5_000_000, max_macs=2**40, endpoint=url()
)
TERMS = job_registry.JobTerms(
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
    """A world with verbs. Each new person is an actor with a name of its own."""

    def person(self, tokens: int = 100_000 * NLOV) -> Actor:
        """Somebody new."""
        return self.actor(f"person {len(self._actors)}", tokens=tokens)

    def staker(self, amount: int = STAKE) -> Actor:
        """Somebody with stake."""
        owner = self.person(amount)
        self.send(
            staking.open_position(owner=owner.key),
            staking.stake(amount=amount, owner=owner.key, source=owner.tokens),
            signers=[owner],
        )
        return owner

    def seated(self, index: int = 0, amount: int = STAKE) -> Actor:
        """A staker with a seat."""
        owner = self.staker(amount)
        self.send(staking.take_seat(index=index, owner=owner.key), signers=[owner])
        return owner

    def provider(self, stake: int = STAKE, **capability: Any) -> Actor:
        """A registered provider, old enough to claim."""
        owner = self.staker(stake)
        declared = replace(CAPABILITY, **capability)
        self.send(
            job_registry.register_provider(capability=declared, owner=owner.key), signers=[owner]
        )
        self.warp(PARAMS.min_registration_slots)
        return owner

    def buyer(self, tokens: int = 100_000 * NLOV) -> Actor:
        """Somebody who may post jobs."""
        owner = self.person(tokens)
        self.send(job_registry.open_buyer(owner=owner.key), signers=[owner])
        return owner

    def graph(self, author: Actor, recorded: int = 1) -> Pubkey:
        """A recorded graph, registered and sealed."""
        descriptors, root = recorded_graph(recorded)
        self.send(open_graph(author, root, len(descriptors)), signers=[author])
        graph = job_registry.graph_address(author.key, root)
        for instruction in appends(author, graph, descriptors):
            self.send(instruction, signers=[author])
        return graph

    def lock(
        self, buyer: Actor, job_id: int, terms: job_registry.JobTerms, **changed: Any
    ) -> Instruction:
        """Lock what the terms of a job ask for; urgency doubles, because half is burned."""
        amounts = {
            "price": terms.price,
            "verification": terms.verification_fee * DRAWS * terms.verifiers,
            "tips": terms.tip * TIPS,
            "urgency": terms.urgency * 2,
        }
        seeds = (b"job", bytes(buyer.key), job_id.to_bytes(8, "little"))
        return escrow.lock(
            job_id=job_id,
            job_bump=find_bump(seeds, job_registry.ID),
            terms=escrow.Terms(**(amounts | changed)),
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
        terms: job_registry.JobTerms = TERMS,
        **accounts: Any,
    ) -> tuple[Pubkey, Sent]:
        """Lock and post in one transaction; gives the job."""
        sent = self.send(
            self.lock(buyer, job_id, terms),
            post_job(buyer, graph, job_id, terms, **accounts),
            signers=[buyer],
        )
        return job_registry.job_address(buyer.key, job_id), sent

    def posted(self, recorded: int = 1, **terms: Any) -> tuple[Pubkey, Actor]:
        """A job, and its new buyer, on a graph of its own."""
        buyer = self.buyer()
        job, _ = self.post(buyer, self.graph(buyer, recorded), terms=replace(TERMS, **terms))
        return job, buyer

    def claim_rules(self) -> ClaimRules:
        """The parameters in force, as the keeper reads them."""
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
        """A provider as the keeper reads it."""
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
        """When the claim order lets a provider claim; the job's beacon must exist."""
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
        """Claim as soon as it is the provider's turn."""
        self.reach(self.job(job).posted_slot + 1)
        self.reach(self.first_claim_slot(job, owner))
        return self.send(job_registry.claim(owner=owner.key, job=job), signers=[owner])

    def reach(self, slot: int) -> None:
        """Let slots pass until this one, if it has not come yet."""
        self.warp_to(max(self.slot, slot))

    def leased(self, recorded: int = 1, **terms: Any) -> tuple[Pubkey, Actor, Actor]:
        """A job, its buyer, and the provider that holds it."""
        owner = self.provider()
        job, buyer = self.posted(recorded, **terms)
        self.claim(job, owner)
        return job, buyer, owner

    def committed(self) -> tuple[Pubkey, Actor, Actor]:
        """A job whose provider committed everything ten slots after its claim."""
        job, buyer, owner = self.leased()
        self.warp(10)
        read = self.job(job)
        self.as_verdict(record_stage(job, owner, read.operators, read.macs))
        return job, buyer, owner

    def expire_lease(self, job: Pubkey, owner: Actor) -> Sent:
        """Wait for a lease's end and take it away."""
        self.reach(self.job(job).lease.expires_slot + 1)
        return self.send(job_registry.expire_lease(job=job, owner=owner.key))

    def as_verdict(self, *instructions: Instruction) -> tuple[Event, ...]:
        """Run instructions that the verdict program's own signer signs."""
        result = self.forge(instructions, self._payer.pubkey())
        if isinstance(result, FailedTransactionMetadata):
            error = program_error(result.err(), logs=result.meta().logs())
            assert error is not None
            raise error
        return events_from_logs(result.logs())

    def as_verdict_fails(self, error: str, *instructions: Instruction) -> None:
        """Like `fails`, signed by the verdict program."""
        before = self.snapshot()
        result = self.forge(instructions, self._payer.pubkey())
        assert isinstance(result, FailedTransactionMetadata), f"expected {error}"
        failure = program_error(result.err(), logs=result.meta().logs())
        assert failure is not None
        assert failure.name == error, failure
        assert not self.changed(before)

    def purge(self, address: Pubkey) -> None:
        """Take an account away, as if it had never been created."""
        self.bank.set_account(address, Account(0, b"", SYSTEM_PROGRAM))

    def edit(self, kind: type[StoredType], address: Pubkey, **values: int) -> None:
        """Overwrite integer fields of an account, to reach states that take long otherwise."""
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
        """Lamports of an account, 0 where there is none."""
        return self.bank.balance(address)

    def registry(self) -> job_registry.Registry:
        """The registry's account."""
        return self.fetch(job_registry.Registry, job_registry.registry_address())

    def job(self, address: Pubkey) -> job_registry.Job:
        """A job's account."""
        return self.fetch(job_registry.Job, address)

    def provider_of(self, owner: Actor) -> job_registry.Provider:
        """A provider's account."""
        return self.fetch(job_registry.Provider, job_registry.provider_address(owner.key))

    def position_of(self, owner: Actor) -> staking.Position:
        """A staker's account."""
        return self.fetch(staking.Position, staking.position_address(owner.key))

    def escrow_of(self, job: Pubkey) -> escrow.Escrow:
        """A job's escrow."""
        return self.fetch(escrow.Escrow, escrow.escrow_address(job))

    def shard_for(self, job: Pubkey) -> job_registry.UtilisationShard:
        """The counters that a job is in."""
        return self.fetch(job_registry.UtilisationShard, utilisation(job))


def recorded_graph(index: int) -> tuple[list[bytes], bytes]:
    """Descriptors and spec root of a recorded graph."""
    vector = RECORDED["graphs"][index]
    return [bytes.fromhex(each) for each in vector["descriptors"]], bytes.fromhex(
        vector["spec_root"]
    )


def open_graph(author: Actor, spec_root: bytes, operators: int) -> Instruction:
    """Make room for a graph."""
    return job_registry.open_graph(spec_root=spec_root, operators=operators, author=author.key)


def append(author: Actor, graph: Pubkey, *descriptors: bytes) -> Instruction:
    """Append descriptors in one instruction."""
    data = b"".join(descriptors)
    return job_registry.append_operators(data=data, author=author.key, graph=graph)


def appends(author: Actor, graph: Pubkey, descriptors: list[bytes]) -> Iterator[Instruction]:
    """Three descriptors an instruction, the most that a transaction carries."""
    for first in range(0, len(descriptors), 3):
        yield append(author, graph, *descriptors[first : first + 3])


def post_job(
    poster: Actor, graph: Pubkey, job_id: int, terms: job_registry.JobTerms, **accounts: Any
) -> Instruction:
    """Post a job whose escrow is locked before in the same transaction."""
    job = job_registry.job_address(poster.key, job_id)
    given = {"owner": poster.key, "graph": graph, "utilisation": utilisation(job)}
    return job_registry.post_job(job_id=job_id, terms=terms, **(given | accounts))


def record_stage(
    job: Pubkey, owner: Actor, last: int, macs: int = 0, **accounts: Any
) -> Instruction:
    """What the verdict program calls when a stage is committed."""
    given = {"job": job, "provider": job_registry.provider_address(owner.key)}
    return job_registry.record_stage(last=last, macs_done=macs, **(given | accounts))


def conclude(
    job: Pubkey, owner: Actor, outcome: int, macs: int = 0, **accounts: Any
) -> Instruction:
    """What the verdict program calls when a job is settled, or voided for the fault of `owner`."""
    given = {
        "job": job,
        "provider": job_registry.provider_address(owner.key),
        "utilisation": utilisation(job),
    }
    blamed = owner.key if outcome == VOIDED else Pubkey.default()
    return job_registry.conclude(
        outcome=outcome, paid_macs=macs, **({"blamed": blamed} | given | accounts)
    )


def utilisation(job: Pubkey) -> Pubkey:
    """The shard that a job counts in."""
    return job_registry.utilisation_address(shard_of(job))
