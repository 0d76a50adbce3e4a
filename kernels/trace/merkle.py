"""Merkle trees over tensors, traces, job inputs and descriptors.

A leaf is SHA256(data | tag), a node SHA256(left | right | tag); the tags keep the kinds apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np

from kernels.codes import LEAF_BYTES
from kernels.trace.layout import Array, DType, Shape, pack, stored_bytes

HASH_BYTES = 32
# Tagged copies of this many leaves fit the processor's cache.
BLOCK_LEAVES = 1 << 11
ZERO_ROOT = bytes(HASH_BYTES)


class CommitmentError(ValueError):
    """A tree cannot be built or an opening has the wrong form."""


Hasher = Callable[[Sequence[bytes]], list[bytes]]
"""Returns the roots of tensors, given their canonical bytes; `stored_roots` is one."""


@dataclass(frozen=True, slots=True)
class TreeKind:
    """The tags of one kind of tree, and the bytes of data per leaf."""

    leaf_tag: bytes
    node_tag: bytes
    leaf_bytes: int

    def leaf(self, data: bytes | memoryview) -> bytes:
        """Returns the hash of one leaf; raises CommitmentError when its length is wrong."""
        if len(data) != self.leaf_bytes:
            raise CommitmentError(f"a leaf holds {self.leaf_bytes} bytes, not {len(data)}")
        return sha256(bytes(data) + self.leaf_tag).digest()

    def node(self, left: bytes, right: bytes) -> bytes:
        """Returns the hash of an inner node."""
        return sha256(left + right + self.node_tag).digest()


TENSOR = TreeKind(b"nlT0", b"nlT1", LEAF_BYTES)
TRACE = TreeKind(b"nlR0", b"nlR1", HASH_BYTES)
SPEC = TreeKind(b"nlS0", b"nlS1", LEAF_BYTES)
INPUTS = TreeKind(b"nlI0", b"nlI1", HASH_BYTES)


@cache
def zero_subtree(kind: TreeKind, height: int) -> bytes:
    """Returns the root of a tree of zero leaves, which pads other trees."""
    if height == 0:
        return kind.leaf(bytes(kind.leaf_bytes))
    below = zero_subtree(kind, height - 1)
    return kind.node(below, below)


def tree_depth(leaves: int) -> int:
    """Returns the path length in a tree of that many leaves, padded to a power of two."""
    return (leaves - 1).bit_length()


@dataclass(frozen=True, slots=True)
class Opening:
    """One leaf with its path, which begins with the leaf's sibling."""

    index: int
    data: bytes
    path: tuple[bytes, ...]

    def verify(self, kind: TreeKind, root: bytes, depth: int) -> bool:
        """Returns whether the leaf is under `root`.

        `depth` must come from the descriptor, never from the prover.
        """
        if len(self.path) != depth or not 0 <= self.index < 1 << depth:
            return False
        if len(self.data) != kind.leaf_bytes:
            return False
        node = kind.leaf(self.data)
        for height, sibling in enumerate(self.path):
            if self.index >> height & 1:
                node = kind.node(sibling, node)
            else:
                node = kind.node(node, sibling)
        return node == root


class MerkleTree:
    """All levels of one tree over data; the last leaf and the number of leaves are zero-padded."""

    def __init__(self, kind: TreeKind, data: bytes | memoryview) -> None:
        if len(data) == 0:
            raise CommitmentError("a tree needs at least one leaf")
        self.kind = kind
        self._data = memoryview(data).cast("B")
        self._levels = [self._hash_leaves()]
        for height in range(self.depth):
            self._levels.append(_hash_nodes(kind, self._levels[-1], height))

    @property
    def root(self) -> bytes:
        """The commitment."""
        return self._levels[-1][0]

    @property
    def depth(self) -> int:
        """Length of every path."""
        return tree_depth(len(self._levels[0]))

    def opening(self, index: int) -> Opening:
        """Returns the leaf at `index`, which may be a padding leaf, with its path.

        Raises CommitmentError when the tree has no such leaf.
        """
        if not 0 <= index < 1 << self.depth:
            raise CommitmentError(f"leaf {index} is outside a tree of {1 << self.depth} leaves")
        width = self.kind.leaf_bytes
        data = bytes(self._data[index * width : (index + 1) * width])
        path = tuple(
            level[sibling]
            if (sibling := index >> height ^ 1) < len(level)
            else zero_subtree(self.kind, height)
            for height, level in enumerate(self._levels[:-1])
        )
        return Opening(index, data.ljust(width, b"\0"), path)

    def _hash_leaves(self) -> list[bytes]:
        width, data = self.kind.leaf_bytes, self._data
        whole = len(data) // width * width
        hashes: list[bytes] = []
        for at in range(0, whole, BLOCK_LEAVES * width):
            hashes += self._hash_whole_leaves(data[at : min(at + BLOCK_LEAVES * width, whole)])
        if whole < len(data):
            hashes.append(self.kind.leaf(bytes(data[whole:]).ljust(width, b"\0")))
        return hashes

    def _hash_whole_leaves(self, data: memoryview) -> list[bytes]:
        # Leaf and tag side by side, so that each hash takes one slice and no copy.
        width, tag = self.kind.leaf_bytes, np.frombuffer(self.kind.leaf_tag, np.uint8)
        tagged = np.empty((len(data) // width, width + tag.size), np.uint8)
        tagged[:, :width] = np.frombuffer(data, np.uint8).reshape(-1, width)
        tagged[:, width:] = tag
        flat, step = tagged.reshape(-1).data, tagged.shape[1]
        return [sha256(flat[at : at + step]).digest() for at in range(0, tagged.size, step)]


def _hash_nodes(kind: TreeKind, below: Sequence[bytes], height: int) -> list[bytes]:
    pairs = zip(below[::2], below[1::2], strict=False)
    nodes = [sha256(left + right + kind.node_tag).digest() for left, right in pairs]
    if len(below) % 2:
        nodes.append(kind.node(below[-1], zero_subtree(kind, height)))
    return nodes


def root_of_subtrees(kind: TreeKind, roots: Sequence[bytes], height: int) -> bytes:
    """Returns the root of the smallest tree over subtrees of one height, padded with zeros.

    Raises CommitmentError without any subtree.
    """
    if not roots:
        raise CommitmentError("a tree needs at least one leaf")
    level = list(roots)
    while len(level) > 1:
        level, height = _hash_nodes(kind, level, height), height + 1
    return level[0]


def _hash_tree(kind: TreeKind, hashes: Sequence[bytes]) -> MerkleTree:
    if any(len(item) != HASH_BYTES for item in hashes):
        raise CommitmentError(f"every root has {HASH_BYTES} bytes")
    return MerkleTree(kind, b"".join(hashes))


def tensor_tree(array: Array) -> MerkleTree:
    """Returns the tree over an int8 or int32 tensor's canonical bytes."""
    return MerkleTree(TENSOR, pack(array).data)


def tensor_root(array: Array) -> bytes:
    """Returns the root of an int8 or int32 tensor."""
    return tensor_tree(array).root


def stored_roots(tensors: Sequence[bytes]) -> list[bytes]:
    """Returns the roots of tensors, given their canonical bytes."""
    return [MerkleTree(TENSOR, stored).root for stored in tensors]


def tensor_depth(shape: Shape, dtype: DType) -> int:
    """Returns the path length in the tree of a tensor of this shape."""
    return tree_depth(-(-stored_bytes(shape, dtype) // LEAF_BYTES))


def trace_tree(roots: Sequence[bytes]) -> MerkleTree:
    """Returns the tree over the tensor roots of the operators of one stage, in order."""
    return _hash_tree(TRACE, roots)


def trace_root(roots: Sequence[bytes]) -> bytes:
    """Returns the root of a stage."""
    return trace_tree(roots).root


def inputs_tree(roots: Sequence[bytes]) -> MerkleTree:
    """Returns the tree over the tensor roots of a job's inputs, in order."""
    return _hash_tree(INPUTS, roots)


def inputs_root(roots: Sequence[bytes]) -> bytes:
    """Returns the root of a job's inputs."""
    return inputs_tree(roots).root


def spec_tree(descriptors: Sequence[bytes]) -> MerkleTree:
    """Returns the tree over the 256-byte descriptors of a graph."""
    if any(len(descriptor) != LEAF_BYTES for descriptor in descriptors):
        raise CommitmentError(f"every descriptor has {LEAF_BYTES} bytes")
    return MerkleTree(SPEC, b"".join(descriptors))


def spec_root(descriptors: Sequence[bytes]) -> bytes:
    """Returns the root of a graph."""
    return spec_tree(descriptors).root
