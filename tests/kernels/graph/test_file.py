"""The canonical file of a graph: one per graph, and anything else is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.graph import GraphError, Reason, dump, load, read, write
from kernels.graph import file as graph_file
from kernels.graph.reference import execute
from tests.kernels.graphs import every_operator, graphs

WHOLE = dump(every_operator())
CONSTANTS = 12 + 256 * 12


@pytest.mark.parametrize("name", graphs())
def test_file_gives_the_graph_back(name: str, tmp_path: Path) -> None:
    graph = graphs()[name]
    write(graph, tmp_path / "some.graph")
    found = read(tmp_path / "some.graph")
    assert found.descriptors == graph.descriptors
    assert found.spec_root == graph.spec_root
    assert dump(found) == dump(graph)
    inputs = [np.full(spec.shape, 3, np.int8) for spec in graph.inputs]
    for ours, theirs in zip(execute(graph, inputs), execute(found, inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.BAD_FILE),
        (b"PK\x03\x04" + WHOLE, Reason.BAD_FILE),
        (WHOLE[:11], Reason.BAD_FILE),
        (WHOLE[:-1], Reason.BAD_FILE),
        (WHOLE + b"\0", Reason.BAD_FILE),
        (WHOLE[:8] + b"\xff\0\0\0" + WHOLE[12:], Reason.BAD_FILE),
        (WHOLE[:8] + bytes(4) + WHOLE[12:], Reason.OPERATOR_LIMIT),
        (WHOLE[:8] + b"\xff\xff\xff\xff" + WHOLE[12:], Reason.OPERATOR_LIMIT),
        (WHOLE[:13] + b"\x11" + WHOLE[14:], Reason.UNKNOWN_OPCODE),
        (WHOLE[:CONSTANTS] + bytes([WHOLE[CONSTANTS] ^ 1]) + WHOLE[CONSTANTS + 1 :], "hash"),
        (WHOLE[: CONSTANTS + 3] + b"\1" + WHOLE[CONSTANTS + 4 :], "a pad byte is not zero"),
    ],
    ids=[
        "empty",
        "another format",
        "half a head",
        "cut",
        "longer",
        "more descriptors than bytes",
        "no operator",
        "four billion operators",
        "unknown opcode",
        "changed constant",
        "pad byte",
    ],
)
def test_malformed_file_is_refused(data: bytes, reason: Reason | str) -> None:
    with pytest.raises(GraphError) as caught:
        load(data)
    if isinstance(reason, Reason):
        assert caught.value.reason is reason
    else:
        assert caught.value.reason is Reason.BAD_CONSTANT
        assert reason in caught.value.message


def test_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_file, "MAX_FILE_BYTES", len(WHOLE) - 1)
    path = tmp_path / "huge.graph"
    path.write_bytes(WHOLE)
    monkeypatch.setattr(Path, "read_bytes", None)
    with pytest.raises(GraphError, match=r"^BadFile: huge.graph has "):
        read(path)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(at=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_no_changed_bit_loads_as_the_same_graph(at: int, bit: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= 1 << bit
    try:
        found = load(bytes(data))
    except GraphError:
        return
    assert found.spec_root != every_operator().spec_root
    assert dump(found) == bytes(data)
