"""What a buyer registers, posts and serves: a graph file with the tensors of its inputs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from neurolov_client.bindings.job_registry import DESCRIPTOR_BYTES, MAX_JOB_INPUTS, URL_BYTES
from neurolov_client.commitments import DESCRIPTORS, INPUTS, TENSOR

MAX_JOB_OUTPUTS = 64
"""The most outputs that a manifest may name; what it names beyond is no job's."""
MAX_NAME_CHARACTERS = 256

_MAGIC = b"NLGRAPH\x01"
_COUNT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Workload:
    """A graph with its inputs, as a buyer registers, posts and serves it."""

    descriptors: tuple[bytes, ...]
    """One per operator, of `job_registry.DESCRIPTOR_BYTES`."""
    spec_root: bytes
    """The Merkle root of the descriptors, which names the graph."""
    input_root: bytes
    manifest: bytes
    """The SHA-256 of the manifest: the digests of graph and inputs, and the outputs' names."""
    blobs: Mapping[str, bytes]
    """What a provider fetches from `/blobs/SHA256`, by its SHA-256 in hex."""


def workload(
    graph: bytes, inputs: Sequence[bytes], outputs: Mapping[str, int] | None = None
) -> Workload:
    """Returns the workload of a graph file and the canonical bytes of its inputs, in order.

    `outputs` names the operators that compute the result, by default the last one alone. Raises
    ValueError where the first is not a graph file, for a wrong number of inputs, and for outputs
    that no job has.
    """
    start = len(_MAGIC) + _COUNT_BYTES
    count = int.from_bytes(graph[len(_MAGIC) : start], "little")
    encoded = graph[start : start + count * DESCRIPTOR_BYTES]
    if not graph.startswith(_MAGIC) or not count or len(encoded) != count * DESCRIPTOR_BYTES:
        raise ValueError("this is not a graph file")
    if not 1 <= len(inputs) <= MAX_JOB_INPUTS:
        raise ValueError(f"a job has 1 to {MAX_JOB_INPUTS} inputs, not {len(inputs)}")
    digests = [sha256(blob).hexdigest() for blob in (graph, *inputs)]
    document: dict[str, Any] = {"graph": digests[0], "inputs": digests[1:], "version": 1}
    if outputs:
        _require_outputs(outputs, count)
        document["outputs"] = [{"name": name, "operator": at} for name, at in outputs.items()]
    # Canonical JSON: sorted keys, no spaces.
    manifest = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return Workload(
        descriptors=tuple(
            encoded[at : at + DESCRIPTOR_BYTES] for at in range(0, len(encoded), DESCRIPTOR_BYTES)
        ),
        spec_root=DESCRIPTORS.root(encoded),
        input_root=INPUTS.root(b"".join(map(TENSOR.root, inputs))),
        manifest=sha256(manifest).digest(),
        blobs={sha256(blob).hexdigest(): blob for blob in (graph, *inputs, manifest)},
    )


def _require_outputs(outputs: Mapping[str, int], operators: int) -> None:
    if len(outputs) > MAX_JOB_OUTPUTS:
        raise ValueError(f"a job has at most {MAX_JOB_OUTPUTS} outputs, not {len(outputs)}")
    if any(not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable() for name in outputs):
        raise ValueError(f"an output's name has 1 to {MAX_NAME_CHARACTERS} printable characters")
    places = set(outputs.values())
    if len(places) < len(outputs) or not places <= set(range(operators)):
        raise ValueError(f"each output is of an operator of its own, 0 to {operators - 1}")


def url_field(url: str) -> bytes:
    """Returns the field of an offer that holds a URL; raises ValueError where it is too long.

    The URL is ASCII.
    """
    encoded = url.encode("ascii")
    if len(encoded) > URL_BYTES:
        raise ValueError(f"{url} has more than {URL_BYTES} bytes")
    return encoded.ljust(URL_BYTES, b"\0")


def url_of(field: bytes) -> str:
    """Returns the URL that such a field holds."""
    return field.rstrip(b"\0").decode("ascii")


__all__ = ["Workload", "url_field", "url_of", "workload"]
