import json

import pytest

from keeper.data import (
    InputManifest,
    JobManifest,
    MalformedDocumentError,
    NamedOutput,
    StageIndex,
    digest_of,
)

DIGESTS = tuple(digest_of(bytes([value])) for value in range(4))
JOB = "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne"
MANIFEST = JobManifest(DIGESTS[0], DIGESTS[1:3])
INPUTS = InputManifest(DIGESTS[1:3])
INDEX = StageIndex(JOB, 2, 5, DIGESTS[3], DIGESTS[:3], DIGESTS[1:])


def test_a_manifest_has_one_form() -> None:
    data = MANIFEST.to_bytes()
    inputs = f'["{DIGESTS[1]}","{DIGESTS[2]}"]'
    assert data == f'{{"graph":"{DIGESTS[0]}","inputs":{inputs},"version":1}}'.encode()
    assert JobManifest.from_bytes(data) == MANIFEST
    assert MANIFEST.digest == digest_of(data)


def test_a_manifest_names_outputs_in_the_order_of_the_model() -> None:
    outputs = (NamedOutput("scores", 7), NamedOutput("Klasse ä", 2))
    manifest = JobManifest(DIGESTS[0], DIGESTS[1:3], outputs)
    assert b'"outputs":[{"name":"scores","operator":7},{"name":"Klasse ' in manifest.to_bytes()
    assert JobManifest.from_bytes(manifest.to_bytes()) == manifest
    assert manifest.digest != MANIFEST.digest
    manifest.require_operators(8)
    with pytest.raises(MalformedDocumentError, match="'scores' is of operator 7, the graph has 7"):
        manifest.require_operators(7)


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ([], "canonical"),
        ([{"name": "y", "operator": 1}, {"name": "y", "operator": 2}], "one name"),
        ([{"name": "y", "operator": 1}, {"name": "z", "operator": 1}], "one operator"),
        ([{"name": str(at), "operator": at} for at in range(65)], "at most 64 outputs"),
        ([{"name": "y", "operator": 256}], "no operator's number"),
        ([{"name": "y", "operator": -1}], "no operator's number"),
        ([{"name": "y", "operator": True}], "not an integer"),
        ([{"name": "", "operator": 1}], "printable"),
        ([{"name": "a\0b", "operator": 1}], "printable"),
        ([{"name": "\ud800", "operator": 1}], "printable"),
        ([{"name": "a" * 257, "operator": 1}], "printable"),
        ([{"name": "y", "operator": 1, "more": 0}], "the keys name, operator"),
        ({"y": 1}, "not a list"),
    ],
)
def test_outputs_that_no_manifest_has(outputs: object, why: str) -> None:
    with pytest.raises(MalformedDocumentError, match=why):
        JobManifest.from_bytes(changed(MANIFEST.to_bytes(), outputs=outputs))


def test_a_stage_index_has_one_form() -> None:
    assert StageIndex.from_bytes(INDEX.to_bytes()) == INDEX


def test_an_input_manifest_has_one_form() -> None:
    data = INPUTS.to_bytes()
    assert data == f'{{"inputs":["{DIGESTS[1]}","{DIGESTS[2]}"],"version":1}}'.encode()
    assert InputManifest.from_bytes(data) == INPUTS
    assert INPUTS.digest == digest_of(data)
    assert InputManifest.from_bytes(InputManifest(()).to_bytes()).inputs == ()


def changed(document: bytes, **fields: object) -> bytes:
    edited = json.loads(document) | fields
    return json.dumps(edited, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"{}",
        MANIFEST.to_bytes() + b"\n",
        MANIFEST.to_bytes().replace(b":1", b": 1"),
        changed(MANIFEST.to_bytes(), version=2),
        changed(MANIFEST.to_bytes(), version=True),
        changed(MANIFEST.to_bytes(), extra=0),
        changed(MANIFEST.to_bytes(), graph=DIGESTS[0].upper()),
        changed(MANIFEST.to_bytes(), graph=7),
        changed(MANIFEST.to_bytes(), inputs=[]),
        changed(MANIFEST.to_bytes(), inputs=[*DIGESTS, *DIGESTS, DIGESTS[0]]),
        changed(MANIFEST.to_bytes(), inputs=DIGESTS[0]),
        changed(MANIFEST.to_bytes(), inputs=[None]),
    ],
)
def test_anything_else_is_no_manifest(data: bytes) -> None:
    with pytest.raises(MalformedDocumentError, match=r"^(manifest|a job has)"):
        JobManifest.from_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        changed(INDEX.to_bytes(), job="../../etc"),
        changed(INDEX.to_bytes(), first=5),
        changed(INDEX.to_bytes(), first=-1),
        changed(INDEX.to_bytes(), first=True),
        changed(INDEX.to_bytes(), first=2.0),
        changed(INDEX.to_bytes(), last=257),
        changed(INDEX.to_bytes(), root="00"),
        changed(INDEX.to_bytes(), outputs=list(DIGESTS[:2])),
        changed(INDEX.to_bytes(), tensor_roots=list(DIGESTS)),
    ],
)
def test_anything_else_is_no_stage_index(data: bytes) -> None:
    with pytest.raises(MalformedDocumentError, match=r"^stage index"):
        StageIndex.from_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        INPUTS.to_bytes() + b" ",
        MANIFEST.to_bytes(),
        changed(INPUTS.to_bytes(), version=2),
        changed(INPUTS.to_bytes(), inputs="".join(DIGESTS)),
        changed(INPUTS.to_bytes(), inputs=[DIGESTS[0].upper()]),
        changed(INPUTS.to_bytes(), inputs=[*DIGESTS, *DIGESTS]),
    ],
)
def test_anything_else_is_no_input_manifest(data: bytes) -> None:
    with pytest.raises(MalformedDocumentError, match=r"^(input manifest|a kernel has)"):
        InputManifest.from_bytes(data)
