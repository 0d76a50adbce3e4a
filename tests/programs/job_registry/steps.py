"""The registry's instructions as their rightful senders build them; `accounts` replaces any."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from neurolov_client import SHARDS, escrow, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import JobState
from tests.world import Actor, World

RECORDED = json.loads(
    (Path(__file__).parents[2] / "recorded" / "descriptors.json").read_text("utf-8")
)


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
    world: World,
    poster: Actor,
    graph: Pubkey,
    job_id: int,
    offer: job_registry.JobOffer,
    **accounts: Any,
) -> Instruction:
    """Posts a job whose escrow was locked earlier in the same transaction."""
    given = {"owner": poster.key, "terms": world.terms, "graph": graph}
    return job_registry.post_job(job_id=job_id, offer=offer, **(given | accounts))


def claim(
    world: World, key: Pubkey, owner: Actor, signer: Actor | None = None, **accounts: Any
) -> Instruction:
    """Claims a job for its provider, signed by the owner unless by its operator."""
    given = {
        "signer": (signer or owner).key,
        "terms": kept_terms(world, key),
        "provider": job_registry.provider_address(owner.key),
        "job": key,
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(key, owner.key),
    }
    return job_registry.claim(**(given | accounts))


def expire_lease(
    world: World, key: Pubkey, owner: Actor, payer: Actor | None = None, **accounts: Any
) -> Instruction:
    """Takes the job from a silent provider; `payer` paid for the exposure if not the owner."""
    given = {
        "terms": kept_terms(world, key),
        "job": key,
        "provider": job_registry.provider_address(owner.key),
        "escrow_config": escrow.config_address(),
        "fee_vault": escrow.fees_address(shard_of(key)),
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(key, owner.key),
        "payer": (payer or owner).key,
    }
    return job_registry.expire_lease(**(given | accounts))


def expire_job(world: World, key: Pubkey, cranker: Actor, **accounts: Any) -> Instruction:
    """Ends a job that nobody claimed in time."""
    given = {"cranker": cranker.key, "terms": kept_terms(world, key), "job": key}
    return job_registry.expire_job(**(given | accounts))


def release(key: Pubkey, owner: Actor, payer: Actor | None = None, **accounts: Any) -> Instruction:
    """Frees what an ended job exposes; `payer` paid for the exposure if not the owner."""
    given = {
        "job": key,
        "payer": (payer or owner).key,
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(key, owner.key),
    }
    return job_registry.release_exposure(**(given | accounts))


def record_stage(
    world: World, key: Pubkey, owner: Actor, last: int, macs: int = 0, **accounts: Any
) -> Instruction:
    """Returns the verdict program's call when a stage is committed."""
    given = {
        "terms": kept_terms(world, key),
        "job": key,
        "provider": job_registry.provider_address(owner.key),
    }
    return job_registry.record_stage(last=last, macs_done=macs, **(given | accounts))


def conclude(
    world: World, key: Pubkey, owner: Actor, outcome: int, macs: int = 0, **accounts: Any
) -> Instruction:
    """Returns the verdict program's call when a job is settled, or voided by `owner`'s fault."""
    given = {
        "terms": kept_terms(world, key),
        "job": key,
        "provider": job_registry.provider_address(owner.key),
        "utilisation": utilisation(key),
    }
    blamed = owner.key if outcome == JobState.VOIDED else Pubkey.default()
    return job_registry.conclude(
        outcome=outcome, paid_macs=macs, **({"blamed": blamed} | given | accounts)
    )


def deregister(owner: Actor, **accounts: Any) -> Instruction:
    """Closes a provider's account."""
    given = {"owner": owner.key, "utilisation": utilisation(owner.key)}
    return job_registry.deregister_provider(**(given | accounts))


def roll(
    world: World, shards: tuple[int, ...] = tuple(range(SHARDS)), **accounts: Any
) -> Instruction:
    """Moves the demand by what these shards counted."""
    addresses = [job_registry.utilisation_address(shard) for shard in shards]
    given: dict[str, Any] = {
        "terms": world.terms,
        "remaining": [AccountMeta(address, False, False) for address in addresses],
    }
    return job_registry.roll_market(**(given | accounts))


def kept_terms(world: World, key: Pubkey) -> Pubkey:
    """Returns the address of the terms under which a job was posted."""
    return staking.terms_address(world.fetch(job_registry.Job, key).terms)


def utilisation(key: Pubkey) -> Pubkey:
    """Returns the shard that counts the work of a job, or the capacity of an owner."""
    return job_registry.utilisation_address(shard_of(key))
