"""What a buyer orders: a graph file and one input, and how providers get them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from neurolov_client import Workload, workload


def read_order(graph_path: Path, input_path: Path) -> Workload:
    """Reads a graph file and the canonical bytes of its input.

    Raises ValueError when the first is not a graph file.
    """
    return workload(graph_path.read_bytes(), [input_path.read_bytes()])


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
