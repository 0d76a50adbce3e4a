"""The hashes by which the chain knows a graph, its inputs and its results."""

from dataclasses import dataclass
from hashlib import sha256

from neurolov_client.bindings.job_registry import DESCRIPTOR_BYTES, LEAF_BYTES

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Tree:
    """The tags keep trees over different things apart; `leaf` is the length of a leaf in bytes."""

    leaf: int
    leaf_tag: bytes
    node_tag: bytes

    def root(self, data: bytes) -> bytes:
        """Returns the Merkle root of `data`, which zeros extend to a power of two of leaves."""
        width = self.leaf
        while width < len(data):
            width *= 2
        padded = data.ljust(width, b"\0")
        level = [
            sha256(padded[at : at + self.leaf] + self.leaf_tag).digest()
            for at in range(0, width, self.leaf)
        ]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=True)
            level = [sha256(left + right + self.node_tag).digest() for left, right in pairs]
        return level[0]


TENSOR = Tree(LEAF_BYTES, b"nlT0", b"nlT1")
"""Over a tensor's canonical bytes."""
INPUTS = Tree(_HASH_BYTES, b"nlI0", b"nlI1")
"""Over the roots of a job's inputs."""
TRACE = Tree(_HASH_BYTES, b"nlR0", b"nlR1")
"""Over the roots of the outputs of one stage."""
DESCRIPTORS = Tree(DESCRIPTOR_BYTES, b"nlS0", b"nlS1")
"""Over the descriptors of a graph."""

__all__ = ["DESCRIPTORS", "INPUTS", "TENSOR", "TRACE", "Tree"]
