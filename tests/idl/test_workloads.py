"""What a buyer's files are called on the chain, and what a provider's bytes are held against."""

import json
from hashlib import sha256

import pytest
from solders.pubkey import Pubkey

from keeper.data import JobManifest, NamedOutput
from kernels.graph.file import dump
from kernels.graph.reference import NumpyExecutor
from kernels.trace import inputs_root, pack, tensor_root, trace_root
from neurolov_client import results, url_field, url_of, verdict, workload
from neurolov_client.bindings.job_registry import MAX_JOB_INPUTS, URL_BYTES
from neurolov_client.commitments import TENSOR, TRACE
from tests.idl.jobs import GRAPH, INPUT

JOB = Pubkey(bytes([5]) * 32)
PACKED = pack(INPUT).tobytes()
OUTPUTS = [pack(each).tobytes() for each in NumpyExecutor().execute(GRAPH, [INPUT])]
ROOTS = [TENSOR.root(each) for each in OUTPUTS]
STAGE = verdict.StageCommitted(
    envelope=verdict.Envelope(slot=1, time=1, sequence=1),
    job=JOB,
    provider=JOB,
    attempt=1,
    kind=verdict.ProofKind.TRACE_COMMITMENT,
    first=0,
    last=len(OUTPUTS),
    root=TRACE.root(b"".join(ROOTS)),
    macs=GRAPH.multiply_adds,
    stages=1,
)
INDEX = {
    "outputs": [sha256(each).hexdigest() for each in OUTPUTS],
    "tensor_roots": [root.hex() for root in ROOTS],
}


def index(**changes: object) -> bytes:
    return json.dumps({**INDEX, **changes}).encode()


def test_a_workload_is_called_what_the_kernels_and_the_keeper_call_it() -> None:
    found = workload(dump(GRAPH), [PACKED])
    assert found.descriptors == GRAPH.encoded()
    assert found.spec_root == GRAPH.spec_root
    assert found.input_root == inputs_root([tensor_root(INPUT)])
    digests = [sha256(each).hexdigest() for each in (dump(GRAPH), PACKED)]
    manifest = JobManifest(digests[0], (digests[1],))
    assert found.manifest.hex() == manifest.digest
    assert dict(found.blobs) == {
        digests[0]: dump(GRAPH),
        digests[1]: PACKED,
        manifest.digest: manifest.to_bytes(),
    }


def test_a_workload_names_its_outputs_as_the_keeper_does() -> None:
    names = {"scores": len(OUTPUTS) - 1, "Klasse ä 😀": 0}
    found = workload(dump(GRAPH), [PACKED], names)
    digests = [sha256(each).hexdigest() for each in (dump(GRAPH), PACKED)]
    outputs = tuple(NamedOutput(name, operator) for name, operator in names.items())
    manifest = JobManifest(digests[0], (digests[1],), outputs)
    assert found.manifest.hex() == manifest.digest
    assert found.blobs[manifest.digest] == manifest.to_bytes()
    assert found.manifest != workload(dump(GRAPH), [PACKED]).manifest
    listed = results.named(STAGE, index(), names | {"elsewhere": STAGE.last})
    assert {name: each.root for name, each in listed.items()} == {
        name: ROOTS[operator] for name, operator in names.items()
    }


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"y": len(OUTPUTS)}, "an operator of its own"),
        ({"y": -1}, "an operator of its own"),
        ({"y": 0, "z": 0}, "an operator of its own"),
        ({"": 0}, "printable characters"),
        ({"a\nb": 0}, "printable characters"),
        ({str(at): at for at in range(65)}, "at most 64 outputs, not 65"),
    ],
)
def test_outputs_that_no_job_has_are_refused(names: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        workload(dump(GRAPH), [PACKED], names)


@pytest.mark.parametrize("graph", [b"", PACKED, dump(GRAPH)[:12], dump(GRAPH)[:300]])
def test_what_is_no_graph_file_is_refused(graph: bytes) -> None:
    with pytest.raises(ValueError, match=r"^this is not a graph file$"):
        workload(graph, [PACKED])


@pytest.mark.parametrize("count", [0, MAX_JOB_INPUTS + 1])
def test_a_wrong_number_of_inputs_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"^a job has 1 to {MAX_JOB_INPUTS} inputs, not {count}$"):
        workload(dump(GRAPH), [PACKED] * count)


def test_a_url_fits_its_field() -> None:
    longest = "http://".ljust(URL_BYTES, "x")
    assert url_of(url_field(longest)) == longest
    assert url_of(url_field("http://a")) == "http://a"
    with pytest.raises(ValueError, match=f"has more than {URL_BYTES} bytes$"):
        url_field(longest + "x")
    with pytest.raises(UnicodeEncodeError):
        url_field("http://ä")


def test_the_outputs_of_a_stage_are_held_against_its_root() -> None:
    assert STAGE.root == trace_root(ROOTS)
    found = results.outputs(STAGE, index())
    assert [each.checked(data) for each, data in zip(found, OUTPUTS, strict=True)] == OUTPUTS
    assert results.index_path(STAGE) == f"/jobs/{JOB}/{STAGE.root.hex()}"
    assert results.blob_path(found[0].digest) == f"/blobs/{INDEX['outputs'][0]}"
    with pytest.raises(results.WrongDataError, match="another output than it committed"):
        found[0].checked(OUTPUTS[0] + b"1")


@pytest.mark.parametrize(
    ("served", "told"),
    [
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (index(outputs=[]), "cannot be read"),
        (index(tensor_roots=["zz"] * len(ROOTS)), "cannot be read"),
        (index(tensor_roots=["00" * 32] * len(ROOTS)), "other outputs than it committed"),
        (index(tensor_roots=[], outputs=[]), "other outputs than it committed"),
    ],
)
def test_another_index_is_refused(served: bytes, told: str) -> None:
    with pytest.raises(results.WrongDataError, match=told):
        results.outputs(STAGE, served)


def test_another_blob_is_refused() -> None:
    assert results.checked_blob(sha256(b"1").hexdigest(), b"1") == b"1"
    with pytest.raises(results.WrongDataError, match="other bytes than those of"):
        results.checked_blob(sha256(b"1").hexdigest(), b"2")
