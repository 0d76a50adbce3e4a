"""What a buyer orders: a graph file, one input, and the manifest that names both."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from examples.post_job.commitments import DESCRIPTORS, INPUTS, TENSOR
from neurolov_client.bindings.job_registry import DESCRIPTOR_BYTES

MAGIC = b"NLGRAPH\x01"


@dataclass(frozen=True, slots=True)
class Order:
    """Descriptors of 256 bytes, one per operator, and the commitments that a job needs.

    `blobs` holds everything that a provider fetches, by its SHA-256 in hex.
    """

    descriptors: tuple[bytes, ...]
    spec_root: bytes
    input_root: bytes
    manifest: bytes
    blobs: Mapping[str, bytes]


def read_order(graph_path: Path, input_path: Path) -> Order:
    """Reads a graph file and the canonical bytes of its input.

    Raises ValueError when the first is not a graph file.
    """
    graph, tensor = graph_path.read_bytes(), input_path.read_bytes()
    if not graph.startswith(MAGIC):
        raise ValueError(f"{graph_path} is not a graph file")
    start = len(MAGIC) + 4
    count = int.from_bytes(graph[len(MAGIC) : start], "little")
    encoded = graph[start : start + count * DESCRIPTOR_BYTES]
    digests = [sha256(blob).hexdigest() for blob in (graph, tensor)]
    # Canonical JSON: sorted keys, no spaces.
    manifest = json.dumps(
        {"graph": digests[0], "inputs": digests[1:], "version": 1},
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    return Order(
        descriptors=tuple(
            encoded[at : at + DESCRIPTOR_BYTES] for at in range(0, len(encoded), DESCRIPTOR_BYTES)
        ),
        spec_root=DESCRIPTORS.root(encoded),
        input_root=INPUTS.root(TENSOR.root(tensor)),
        manifest=sha256(manifest).digest(),
        blobs={sha256(blob).hexdigest(): blob for blob in (graph, tensor, manifest)},
    )


@contextmanager
def served(blobs: Mapping[str, bytes]) -> Iterator[str]:
    """Serves blobs as `/blobs/<sha256>` on a free port while the block runs; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            blob = blobs.get(self.path.removeprefix("/blobs/"))
            self.send_response(404 if blob is None else 200)
            self.send_header("Content-Length", str(len(blob or b"")))
            self.end_headers()
            self.wfile.write(blob or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the log of requests off the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
