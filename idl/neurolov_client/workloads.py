"""What a buyer registers, posts and serves: a graph file with the tensors of its inputs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from neurolov_client.bindings.job_registry import DESCRIPTOR_BYTES, MAX_JOB_INPUTS, URL_BYTES
from neurolov_client.commitments import DESCRIPTORS, INPUTS, TENSOR

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
    """The SHA-256 of the manifest, which lists the digests of graph and inputs."""
    blobs: Mapping[str, bytes]
    """What a provider fetches from `/blobs/SHA256`, by its SHA-256 in hex."""


def workload(graph: bytes, inputs: Sequence[bytes]) -> Workload:
    """Returns the workload of a graph file and the canonical bytes of its inputs, in order.

    Raises ValueError where the first is not a graph file, and for a wrong number of inputs.
    """
    start = len(_MAGIC) + _COUNT_BYTES
    count = int.from_bytes(graph[len(_MAGIC) : start], "little")
    encoded = graph[start : start + count * DESCRIPTOR_BYTES]
    if not graph.startswith(_MAGIC) or not count or len(encoded) != count * DESCRIPTOR_BYTES:
        raise ValueError("this is not a graph file")
    if not 1 <= len(inputs) <= MAX_JOB_INPUTS:
        raise ValueError(f"a job has 1 to {MAX_JOB_INPUTS} inputs, not {len(inputs)}")
    digests = [sha256(blob).hexdigest() for blob in (graph, *inputs)]
    # Canonical JSON: sorted keys, no spaces.
    manifest = json.dumps(
        {"graph": digests[0], "inputs": digests[1:], "version": 1},
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    return Workload(
        descriptors=tuple(
            encoded[at : at + DESCRIPTOR_BYTES] for at in range(0, len(encoded), DESCRIPTOR_BYTES)
        ),
        spec_root=DESCRIPTORS.root(encoded),
        input_root=INPUTS.root(b"".join(map(TENSOR.root, inputs))),
        manifest=sha256(manifest).digest(),
        blobs={sha256(blob).hexdigest(): blob for blob in (graph, *inputs, manifest)},
    )


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
