"""Slots, blocks, their hashes, and the age of blockhashes."""

import hashlib
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from solders.hash import Hash
from solders.signature import Signature

from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES

MAX_BLOCKHASH_AGE = 150
"""Blocks for which a blockhash stays usable (Agave `MAX_PROCESSING_AGE`)."""


@dataclass(frozen=True, slots=True)
class Block:
    """A closed block. `time` is in Unix seconds."""

    slot: int
    height: int
    parent_slot: int
    blockhash: Hash
    previous_blockhash: Hash
    bank_hash: Hash
    time: int
    signatures: tuple[Signature, ...]


def _digest(*parts: bytes) -> Hash:
    return Hash.from_bytes(hashlib.sha256(b"".join(parts)).digest())


class SlotChain:
    """The chain of blocks; `slot` is open, every earlier block is closed.

    Genesis is slot 0 at height 0, so the first open slot is 1. Equal seeds and equal
    transactions give equal hashes.
    """

    def __init__(self, *, seed: bytes, start_time: int, slot_ms: int) -> None:
        self._start_time = start_time
        self._slot_ms = slot_ms
        self.genesis_hash = _digest(b"genesis", seed)
        self.slot = 1
        self.block_height = 1
        genesis = Block(
            slot=0,
            height=0,
            parent_slot=0,
            blockhash=_digest(b"blockhash", seed),
            previous_blockhash=Hash.default(),
            bank_hash=_digest(b"bank", seed),
            time=start_time,
            signatures=(),
        )
        self._tip = genesis
        self._blocks = {0: genesis}
        self._heights = {genesis.blockhash: 0}
        self._slots = [0]
        self._slot_hashes = deque([(0, genesis.bank_hash)], maxlen=SLOT_HASHES_ENTRIES)

    @property
    def latest_blockhash(self) -> Hash:
        """Returns the hash of the last closed block."""
        return self._tip.blockhash

    def latest_blockhash_at(self, height: int) -> Hash:
        """Returns the newest hash that the block at `height` accepts: its own once it is closed."""
        if height == self.block_height:
            return self.latest_blockhash
        return self._blocks[self._slots[height]].blockhash

    @property
    def parent_slot(self) -> int:
        """Slot of the last closed block."""
        return self._tip.slot

    def copy(self) -> "SlotChain":
        """Returns a copy of the chain that grows independently."""
        twin = copy(self)
        twin._blocks = self._blocks.copy()
        twin._heights = self._heights.copy()
        twin._slots = self._slots.copy()
        twin._slot_hashes = self._slot_hashes.copy()
        return twin

    def time_of(self, slot: int) -> int:
        """Returns the Unix seconds at which `slot` starts."""
        return self._start_time + slot * self._slot_ms // 1000

    def close(self, signatures: Sequence[Signature], *, next_slot: int) -> Block:
        """Close the open block and open the later `next_slot`; slots between are skipped."""
        parent = self._tip
        bank_hash = _digest(
            bytes(parent.bank_hash),
            self.slot.to_bytes(8, "little"),
            *(bytes(signature) for signature in signatures),
        )
        block = Block(
            slot=self.slot,
            height=self.block_height,
            parent_slot=parent.slot,
            blockhash=_digest(bytes(parent.blockhash), bytes(bank_hash)),
            previous_blockhash=parent.blockhash,
            bank_hash=bank_hash,
            time=self.time_of(self.slot),
            signatures=tuple(signatures),
        )
        self._tip = block
        self._blocks[block.slot] = block
        self._heights[block.blockhash] = block.height
        self._slots.append(block.slot)
        self._slot_hashes.appendleft((block.slot, block.bank_hash))
        self.slot = next_slot
        self.block_height += 1
        return block

    def block(self, slot: int) -> Block | None:
        """Returns the closed block of `slot`; None if the slot is open, to come, or was skipped."""
        return self._blocks.get(slot)

    def blocks_between(self, first: int, last: int) -> list[Block]:
        """Returns the closed blocks of the slots `first` to `last`, both included."""
        start, end = bisect_left(self._slots, first), bisect_right(self._slots, last)
        return [self._blocks[slot] for slot in self._slots[start:end]]

    def slot_at(self, height: int) -> int:
        """Returns the slot of the block at `height`, which is open or closed."""
        return self.slot if height == self.block_height else self._slots[height]

    def slot_hashes(self) -> list[tuple[int, Hash]]:
        """Returns up to 512 pairs (slot, bank hash) of closed blocks, newest first."""
        return list(self._slot_hashes)

    def last_valid_block_height(self, blockhash: Hash) -> int | None:
        """Last height at which `blockhash` is accepted; None if it is not of a block here."""
        height = self._heights.get(blockhash)
        return None if height is None else height + MAX_BLOCKHASH_AGE

    def is_valid(self, blockhash: Hash, height: int | None = None) -> bool:
        """Returns whether the block at `height`, the open one by default, accepts `blockhash`.

        A closed block knows its own hash, an open one has none yet.
        """
        known = self._heights.get(blockhash)
        at = self.block_height if height is None else height
        return known is not None and known <= at <= known + MAX_BLOCKHASH_AGE
