"""Merkle trees against a recursive definition."""

from hashlib import sha256

import numpy as np
import pytest

from kernels.trace import (
    INPUTS,
    SPEC,
    TENSOR,
    TRACE,
    CommitmentError,
    MerkleTree,
    Opening,
    TreeKind,
    pack,
    spec_root,
    tensor_depth,
    tensor_root,
    tensor_tree,
    trace_root,
)
from kernels.trace.layout import DType, shape4

KINDS = (TENSOR, TRACE, SPEC, INPUTS)


def by_rule(kind: TreeKind, data: bytes) -> bytes:
    width = kind.leaf_bytes
    leaves = [data[at : at + width].ljust(width, b"\0") for at in range(0, len(data), width)]
    while len(leaves) & (len(leaves) - 1):
        leaves.append(bytes(width))
    level = [sha256(leaf + kind.leaf_tag).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [sha256(left + right + kind.node_tag).digest() for left, right in pairs]
    return level[0]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.leaf_tag.decode())
@pytest.mark.parametrize("leaves", [1, 2, 3, 5, 8, 9, 16, 17])
@pytest.mark.parametrize("missing", [0, 1])
def test_root_follows_the_rule(kind: TreeKind, leaves: int, missing: int) -> None:
    size = leaves * kind.leaf_bytes - missing
    data = np.random.default_rng(leaves).bytes(size)
    assert MerkleTree(kind, data).root == by_rule(kind, data)


@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 7, 100), (9, 300)])
def test_tensor_root_is_over_canonical_bytes(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    tree = tensor_tree(array)
    assert tree.root == by_rule(TENSOR, pack(array).tobytes()) == tensor_root(array)
    assert tree.depth == tensor_depth(shape4(shape), DType.INT32)


@pytest.mark.parametrize("leaves", [1, 2, 3, 7, 12])
def test_every_leaf_opens_padding_included(leaves: int) -> None:
    data = np.random.default_rng(leaves).bytes(leaves * 256)
    tree = MerkleTree(TENSOR, data)
    for index in range(1 << tree.depth):
        opening = tree.opening(index)
        assert opening.data == data[index * 256 : (index + 1) * 256].ljust(256, b"\0")
        assert opening.verify(TENSOR, tree.root, tree.depth)


def test_opening_fails_when_anything_differs() -> None:
    tree = MerkleTree(TENSOR, np.random.default_rng(1).bytes(5 * 256))
    good = tree.opening(2)
    changed = bytes([good.data[0] ^ 1]) + good.data[1:]
    path = (good.path[1], good.path[0], good.path[2])
    for bad in (
        Opening(3, good.data, good.path),
        Opening(10, good.data, good.path),
        Opening(-1, good.data, good.path),
        Opening(2, changed, good.path),
        Opening(2, good.data[:-1], good.path),
        Opening(2, good.data, path),
        Opening(2, good.data, good.path[:2]),
    ):
        assert not bad.verify(TENSOR, tree.root, tree.depth)
    assert not good.verify(TENSOR, bytes(32), tree.depth)
    assert not good.verify(TENSOR, tree.root, tree.depth + 1)
    assert not good.verify(SPEC, tree.root, tree.depth)


def test_node_cannot_pass_as_a_leaf() -> None:
    left, right = bytes([1]) * 32, bytes([2]) * 32
    plain = TreeKind(TRACE.node_tag, TRACE.node_tag, 64)
    assert plain.leaf(left + right) == TRACE.node(left, right)
    for kind in KINDS:
        assert kind.leaf_tag not in {other.node_tag for other in KINDS}
    assert len({tag for kind in KINDS for tag in (kind.leaf_tag, kind.node_tag)}) == 8


@pytest.mark.parametrize("index", [-1, 4])
def test_leaf_outside_the_tree_is_refused(index: int) -> None:
    with pytest.raises(CommitmentError, match=r"is outside a tree of 4 leaves$"):
        MerkleTree(TENSOR, bytes(1024)).opening(index)


def test_tree_of_nothing_is_refused() -> None:
    with pytest.raises(CommitmentError, match=r"^a tree needs at least one leaf$"):
        trace_root([])


def test_root_or_descriptor_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(CommitmentError, match=r"^every root has 32 bytes$"):
        trace_root([bytes(31)])
    with pytest.raises(CommitmentError, match=r"^every descriptor has 256 bytes$"):
        spec_root([bytes(255)])
