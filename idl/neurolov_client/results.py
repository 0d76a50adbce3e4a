"""What a provider committed to, checked against the bytes that it serves.

A provider serves the index of a stage at `index_path` of its registered endpoint, and each output
at `blob_path`. Nothing of it is trusted: whatever is returned here hashes to the commitment.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from neurolov_client.bindings.verdict import StageCommitted
from neurolov_client.commitments import TENSOR, TRACE


class WrongDataError(ValueError):
    """What somebody serves is not what the chain holds the hash of."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a stage: the root that the trace holds, and the digest of its blob."""

    root: bytes
    digest: str

    def checked(self, data: bytes) -> bytes:
        """Returns the output's canonical bytes; raises WrongDataError unless these are they."""
        if TENSOR.root(data) != self.root:
            raise WrongDataError("the provider serves another output than it committed")
        return data


def index_path(stage: StageCommitted) -> str:
    """Returns the path of a stage's index on its provider's server."""
    return f"/jobs/{stage.job}/{stage.root.hex()}"


def blob_path(digest: str) -> str:
    """Returns the path of a blob, by its SHA-256 in hex, on a buyer's or provider's server."""
    return f"/blobs/{digest}"


def outputs(stage: StageCommitted, index: bytes) -> tuple[Output, ...]:
    """Returns the outputs of a stage, one per operator, from the index that its provider serves.

    Raises WrongDataError where the index is not that of the committed trace root.
    """
    try:
        document = json.loads(index)
        roots = [bytes.fromhex(root) for root in document["tensor_roots"]]
        found = tuple(
            Output(root, str(digest))
            for root, digest in zip(roots, document["outputs"], strict=True)
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WrongDataError(f"the provider's index cannot be read: {error}") from error
    if len(found) != stage.last - stage.first or TRACE.root(b"".join(roots)) != stage.root:
        raise WrongDataError("the provider lists other outputs than it committed")
    return found


def named(stage: StageCommitted, index: bytes, names: Mapping[str, int]) -> dict[str, Output]:
    """Returns those outputs of a stage that a workload names, by name.

    `names` are the operators that the workload was made with. Raises WrongDataError as `outputs`
    does.
    """
    found = outputs(stage, index)
    return {
        name: found[operator - stage.first]
        for name, operator in names.items()
        if stage.first <= operator < stage.last
    }


def checked_blob(digest: str, data: bytes) -> bytes:
    """Returns the data; raises WrongDataError unless `digest` is their SHA-256 in hex."""
    if sha256(data).hexdigest() != digest:
        raise WrongDataError(f"these are other bytes than those of {digest}")
    return data


__all__ = [
    "Output",
    "WrongDataError",
    "blob_path",
    "checked_blob",
    "index_path",
    "named",
    "outputs",
]
