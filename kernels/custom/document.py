"""Reads and writes a package's JSON; the form is checked before the meaning."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernels.custom.buffer import Buffer, Role, Stage
from kernels.custom.element import Element, Tolerance
from kernels.custom.errors import PackageError, Reason

VERSION = 2
KEYS = {"buffers", "name", "sources", "stages", "tolerance", "version"}
BOUNDS = ("absolute_bits", "relative_bits", "ulp")

_ELEMENTS = {element.spoken: element for element in Element}
_ROLES = {str(role): role for role in Role}


def package_fields(document: object) -> Mapping[str, Any]:
    """Returns the fields of a package, each still unparsed.

    Raises PackageError unless the document has exactly KEYS and this VERSION.
    """
    fields = mapping(document, KEYS, "package")
    if fields["version"] != VERSION or isinstance(fields["version"], bool):
        raise bad_file(f"version {fields['version']!r} is not {VERSION}")
    return fields


def described_buffer(buffer: Buffer) -> dict[str, Any]:
    """Returns a buffer's JSON form."""
    form: dict[str, Any] = {
        "bytes": buffer.bytes,
        "element": buffer.element.spoken,
        "role": str(buffer.role),
    }
    if buffer.name is not None:
        form["name"] = buffer.name
    if buffer.tolerance is not None:
        form["tolerance"] = described_tolerance(buffer.tolerance)
    return form


def described_tolerance(tolerance: Tolerance) -> dict[str, int]:
    """Returns a tolerance's JSON form."""
    return dict(zip(BOUNDS, tolerance.bits, strict=True))


def described_stage(stage: Stage) -> dict[str, Any]:
    """Returns a stage's JSON form."""
    described: dict[str, Any] = {
        "bindings": list(stage.bindings),
        "entry_point": stage.entry_point,
        "source": stage.source,
        "workgroups": list(stage.workgroups),
    }
    if stage.offsets:
        described["offsets"] = list(stage.offsets)
    return described


def parsed_buffers(entries: object) -> tuple[Buffer, ...]:
    """Returns the buffers from their JSON form; raises PackageError where it is malformed."""
    return tuple(
        _buffer(entry, f"buffer {number}") for number, entry in enumerate(array(entries, "buffers"))
    )


def parsed_stages(entries: object) -> tuple[Stage, ...]:
    """Returns the stages from their JSON form; raises PackageError where it is malformed."""
    return tuple(
        _stage(entry, f"stage {number}") for number, entry in enumerate(array(entries, "stages"))
    )


def parsed_tolerance(entry: object, what: str) -> Tolerance:
    """Returns a tolerance from its JSON form; raises PackageError where it is malformed."""
    bounds = mapping(entry, set(BOUNDS), what)
    return Tolerance.from_bits(*(integer(bounds[key], f"{what} {key}") for key in BOUNDS))


def _buffer(entry: object, what: str) -> Buffer:
    own = entry.keys() & {"name", "tolerance"} if isinstance(entry, dict) else set()
    fields = mapping(entry, {"bytes", "element", "role", *own}, what)
    element = _ELEMENTS.get(text(fields["element"], f"{what}: element"))
    if element is None:
        raise _unknown(f"{what}: element {fields['element']!r}", _ELEMENTS)
    role = _ROLES.get(text(fields["role"], f"{what}: role"))
    if role is None:
        raise _unknown(f"{what}: role {fields['role']!r}", _ROLES)
    return Buffer(
        integer(fields["bytes"], f"{what}: bytes"),
        element,
        role,
        text(fields["name"], f"{what}: name") if "name" in own else None,
        parsed_tolerance(fields["tolerance"], f"{what}: tolerance") if "tolerance" in own else None,
    )


def _stage(entry: object, what: str) -> Stage:
    keys = {"bindings", "entry_point", "source", "workgroups"}
    if isinstance(entry, dict) and "offsets" in entry:
        keys.add("offsets")
    fields = mapping(entry, keys, what)
    counts = _integers(fields["workgroups"], f"{what}: workgroups")
    if len(counts) != 3:
        raise PackageError(
            Reason.BAD_WORKGROUPS, f"{what}: {counts}: expected three counts, x, y and z"
        )
    return Stage(
        source=integer(fields["source"], f"{what}: source"),
        entry_point=text(fields["entry_point"], f"{what}: entry_point"),
        workgroups=(counts[0], counts[1], counts[2]),
        bindings=tuple(_integers(fields["bindings"], f"{what}: bindings")),
        offsets=tuple(_integers(fields.get("offsets", []), f"{what}: offsets")),
    )


def _integers(value: object, what: str) -> list[int]:
    return [integer(entry, what) for entry in array(value, what)]


def _unknown(what: str, known: Mapping[str, object]) -> PackageError:
    return PackageError(Reason.BAD_BUFFER, f"{what} is none of {', '.join(known)}")


def bad_file(message: str) -> PackageError:
    """Returns the error for a document that does not have the form of a package."""
    return PackageError(Reason.BAD_FILE, f"package: {message}")


def mapping(value: object, keys: set[str], what: str) -> Mapping[str, Any]:
    """Returns an object that has exactly these keys; raises PackageError otherwise."""
    if not isinstance(value, dict) or set(value) != keys:
        raise bad_file(f"{what} must have exactly the keys {', '.join(sorted(keys))}")
    return value


def array(value: object, what: str) -> Sequence[object]:
    """Returns a list; raises PackageError for anything else."""
    if not isinstance(value, list):
        raise bad_file(f"{what}: {value!r} is not a list")
    return value


def text(value: object, what: str) -> str:
    """Returns a string; raises PackageError for anything else."""
    if not isinstance(value, str):
        raise bad_file(f"{what}: {value!r} is not a string")
    return value


def integer(value: object, what: str) -> int:
    """Returns an integer that is not a boolean; raises PackageError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_file(f"{what}: {value!r} is not an integer")
    return value
