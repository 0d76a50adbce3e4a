"""The elements that a provider has to show when a majority misses its data."""

import hashlib
from math import prod
from typing import Final

from kernels.evidence import Place as Cell
from kernels.evidence import element_at
from neurolov_client import verdict
from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES
from neurolov_client.bindings.verdict import ANSWER_DELAY
from tests.adversaries.traces import GRAPH, Place
from tests.world import World

_UNKNOWN: Final = bytes(32)


def seed_of(world: World, found: verdict.Verdict) -> bytes | None:
    """Returns SHA256(hash of the first slot at or after asked + 2

    job), none before it is known.

    Once SlotHashes has forgotten that hash, the hash of a slot whole multiples of its length later
    takes its place.
    """
    if found.availability.seed != _UNKNOWN:
        return found.availability.seed
    first = found.availability.asked_slot + ANSWER_DELAY
    if world.slot <= first:
        return None
    slot = first + (world.slot - 1 - first) // SLOT_HASHES_ENTRIES * SLOT_HASHES_ENTRIES
    hashes = [each for each in world.bank.slot_hashes() if each[0] >= slot]
    return hashlib.sha256(bytes(min(hashes)[1]) + bytes(found.job)).digest()


def question(seed: bytes, index: int, covered: int) -> Place:
    """Returns the place of a multiply-add of the first `covered` operators, without padding."""
    work = [each.multiply_adds for each in GRAPH.descriptors[:covered]]
    uniform = hashlib.sha256(seed + bytes([index])).digest()[:8]
    target = int.from_bytes(uniform, "little") * sum(work) >> 64
    for operator, (spec, macs) in enumerate(zip(GRAPH.outputs, work, strict=False)):
        if target < macs:
            row, column = divmod(target // (macs // prod(spec.shape)), spec.shape[-1])
            return operator, element_at(spec, Cell(row, column))
        target -= macs
    raise AssertionError("a target beyond the last multiply-add")
