"""Documents that tie blobs to a job or task: the buyer's manifests and a provider's index."""

import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from keeper.data.errors import MalformedDocumentError
from keeper.data.store import DIGEST, digest_of
from neurolov_client.bindings.job_registry import MAX_JOB_INPUTS, MAX_OPERATORS
from neurolov_client.workloads import MAX_JOB_OUTPUTS, MAX_NAME_CHARACTERS

VERSION = 1
MAX_KERNEL_INPUTS = 7
ADDRESS = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Returns ASCII JSON with sorted keys and no spaces, so that a document has one byte form."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True, slots=True)
class NamedOutput:
    """A part of a job's result: its name, and the operator that computes it."""

    name: str
    operator: int


@dataclass(frozen=True, slots=True)
class JobManifest:
    """Digests of a job's graph and inputs, and its outputs; the chain holds the manifest's digest.

    Where no output is named, the result is that of the last operator.
    """

    graph: str
    inputs: tuple[str, ...]
    outputs: tuple[NamedOutput, ...] = ()

    def __post_init__(self) -> None:
        _require_outputs(self.outputs)
        _require_digests("manifest", (self.graph, *self.inputs))
        if not 1 <= len(self.inputs) <= MAX_JOB_INPUTS:
            raise MalformedDocumentError(
                f"a job has 1 to {MAX_JOB_INPUTS} inputs, the manifest names {len(self.inputs)}"
            )

    def to_bytes(self) -> bytes:
        """Returns the canonical form."""
        document: dict[str, Any] = {
            "graph": self.graph,
            "inputs": list(self.inputs),
            "version": VERSION,
        }
        if self.outputs:
            document["outputs"] = [asdict(output) for output in self.outputs]
        return canonical_json(document)

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical form, in lower-case hex."""
        return digest_of(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> "JobManifest":
        """Parse a manifest. Raises MalformedDocumentError unless `data` is in canonical form."""
        document = _load("manifest", data, {"graph", "inputs", "version"}, {"outputs"})
        manifest = cls(
            _text("manifest", document["graph"]),
            _texts("manifest", document["inputs"]),
            _outputs(document.get("outputs", [])),
        )
        return _canonical("manifest", manifest, data)

    def require_operators(self, count: int) -> None:
        """Raises MalformedDocumentError where an output is of no operator of a graph of `count`."""
        for output in self.outputs:
            if output.operator >= count:
                raise MalformedDocumentError(
                    f"manifest: output {output.name!r} is of operator {output.operator}, the graph "
                    f"has {count}"
                )


@dataclass(frozen=True, slots=True)
class InputManifest:
    """Digests of a custom kernel's inputs in order; the task holds the manifest's own digest."""

    inputs: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_digests("input manifest", self.inputs)
        if len(self.inputs) > MAX_KERNEL_INPUTS:
            raise MalformedDocumentError(
                f"a kernel has at most {MAX_KERNEL_INPUTS} inputs, the manifest names "
                f"{len(self.inputs)}"
            )

    def to_bytes(self) -> bytes:
        """Returns the canonical form."""
        return canonical_json({"inputs": list(self.inputs), "version": VERSION})

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical form, in lower-case hex."""
        return digest_of(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> "InputManifest":
        """Parse a manifest. Raises MalformedDocumentError unless `data` is in canonical form."""
        document = _load("input manifest", data, {"inputs", "version"})
        manifest = cls(_texts("input manifest", document["inputs"]))
        return _canonical("input manifest", manifest, data)


@dataclass(frozen=True, slots=True)
class StageIndex:
    """Digest and tensor root of each operator's output in one committed stage, in order.

    `root` is the trace root over these tensor roots; providers serve the index under it. The output
    of a task counts as a stage of one operator whose root is the tensor root itself.
    """

    job: str
    first: int
    last: int
    root: str
    outputs: tuple[str, ...]
    tensor_roots: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_digests("stage index", (self.root, *self.outputs, *self.tensor_roots))
        if ADDRESS.fullmatch(self.job) is None:
            raise MalformedDocumentError(f"stage index: {self.job!r} is not an address")
        if not 0 <= self.first < self.last <= MAX_OPERATORS:
            raise MalformedDocumentError(f"stage index: operators {self.first}..{self.last}")
        operators = self.last - self.first
        if (len(self.outputs), len(self.tensor_roots)) != (operators, operators):
            raise MalformedDocumentError(
                f"stage index: {len(self.outputs)} outputs and {len(self.tensor_roots)} roots "
                f"for {operators} operators"
            )

    def to_bytes(self) -> bytes:
        """Returns the canonical form."""
        return canonical_json(
            {
                "first": self.first,
                "job": self.job,
                "last": self.last,
                "outputs": list(self.outputs),
                "root": self.root,
                "tensor_roots": list(self.tensor_roots),
                "version": VERSION,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "StageIndex":
        """Parse an index. Raises MalformedDocumentError unless `data` is in canonical form."""
        keys = {"first", "job", "last", "outputs", "root", "tensor_roots", "version"}
        document = _load("stage index", data, keys)
        index = cls(
            _text("stage index", document["job"]),
            _integer("stage index", document["first"]),
            _integer("stage index", document["last"]),
            _text("stage index", document["root"]),
            _texts("stage index", document["outputs"]),
            _texts("stage index", document["tensor_roots"]),
        )
        return _canonical("stage index", index, data)


Document = TypeVar("Document", JobManifest, InputManifest, StageIndex)


def _load(
    name: str, data: bytes, keys: set[str], optional: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedDocumentError(f"{name}: not JSON") from error
    if not isinstance(document, dict) or set(document) - optional != keys:
        raise MalformedDocumentError(f"{name}: the keys must be {', '.join(sorted(keys))}")
    if document["version"] != VERSION:
        raise MalformedDocumentError(f"{name}: version {document['version']!r} is not {VERSION}")
    return document


def _canonical(name: str, document: Document, data: bytes) -> Document:
    if document.to_bytes() != data:
        raise MalformedDocumentError(f"{name}: not in canonical form")
    return document


def _outputs(value: object) -> tuple[NamedOutput, ...]:
    if not isinstance(value, list):
        raise MalformedDocumentError(f"manifest: {value!r} is not a list")
    found = []
    for each in value:
        if not isinstance(each, dict) or set(each) != {"name", "operator"}:
            raise MalformedDocumentError("manifest: an output has the keys name, operator")
        name, operator = _text("manifest", each["name"]), _integer("manifest", each["operator"])
        found.append(NamedOutput(name, operator))
    return tuple(found)


def _require_outputs(outputs: tuple[NamedOutput, ...]) -> None:
    if len(outputs) > MAX_JOB_OUTPUTS:
        raise MalformedDocumentError(
            f"a job has at most {MAX_JOB_OUTPUTS} outputs, the manifest names {len(outputs)}"
        )
    for output in outputs:
        if not (1 <= len(output.name) <= MAX_NAME_CHARACTERS and output.name.isprintable()):
            raise MalformedDocumentError(
                f"manifest: {output.name!r}: a name has 1 to {MAX_NAME_CHARACTERS} printable "
                "characters"
            )
        if not 0 <= output.operator < MAX_OPERATORS:
            raise MalformedDocumentError(f"manifest: {output.operator} is no operator's number")
    for values in ([each.name for each in outputs], [each.operator for each in outputs]):
        if len(set(values)) != len(values):
            raise MalformedDocumentError("manifest: two outputs have one name or one operator")


def _require_digests(name: str, digests: tuple[str, ...]) -> None:
    for digest in digests:
        if DIGEST.fullmatch(digest) is None:
            raise MalformedDocumentError(f"{name}: {digest!r} is not a SHA-256 in lower-case hex")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise MalformedDocumentError(f"{name}: {value!r} is not a string")
    return value


def _integer(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedDocumentError(f"{name}: {value!r} is not an integer")
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise MalformedDocumentError(f"{name}: {value!r} is not a list")
    return tuple(_text(name, item) for item in value)
