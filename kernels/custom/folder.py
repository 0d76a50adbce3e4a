"""Reads a kernel package as its author keeps it: `manifest.toml` beside the WGSL sources."""

import tomllib
from pathlib import Path

from kernels.custom.document import described_tolerance
from kernels.custom.element import Tolerance
from kernels.custom.errors import PackageError, Reason
from kernels.custom.package import MAX_PACKAGE_BYTES, KernelPackage

MANIFEST = "manifest.toml"
PACKAGES = Path(__file__).parent / "packages"


def read_package(path: Path) -> KernelPackage:
    """Returns the package in a folder, or in a file of canonical bytes.

    A folder's manifest has the fields of the canonical form, but `sources` names the files beside
    it and `tolerance` holds the decimal numbers absolute, relative and ulp. Raises PackageError.
    """
    if path.is_dir():
        return _read_folder(path)
    data = _read(path)
    if len(data) > MAX_PACKAGE_BYTES:
        raise PackageError(Reason.BAD_FILE, f"{path} exceeds {MAX_PACKAGE_BYTES} bytes")
    return KernelPackage.from_bytes(data)


def _read_folder(folder: Path) -> KernelPackage:
    path = folder / MANIFEST
    try:
        document = tomllib.loads(_read(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackageError(Reason.BAD_FILE, f"{path} is not TOML: {error}") from None
    names = document.get("sources")
    if not isinstance(names, list):
        raise PackageError(Reason.BAD_FILE, f"{path}: sources must be a list of files beside it")
    sources = [_source(folder, name) for name in names]
    tolerance = described_tolerance(_tolerance(document.get("tolerance"), path))
    changed: dict[str, object] = {"sources": sources, "tolerance": tolerance}
    if isinstance(buffers := document.get("buffers"), list):
        changed["buffers"] = [_buffer(entry, path) for entry in buffers]
    return KernelPackage.from_document(document | changed)


def _buffer(entry: object, path: Path) -> object:
    """Returns a buffer's canonical form, where its tolerance is given in decimal numbers."""
    if not isinstance(entry, dict) or "tolerance" not in entry:
        return entry
    return entry | {"tolerance": described_tolerance(_tolerance(entry["tolerance"], path))}


def _source(folder: Path, name: object) -> str:
    if not isinstance(name, str) or Path(name).name != name:
        raise PackageError(
            Reason.BAD_FILE, f"{folder / MANIFEST}: source {name!r} is not a file beside it"
        )
    try:
        return _read(folder / name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise PackageError(Reason.BAD_SOURCE, f"{folder / name} is not UTF-8: {error}") from None


def _tolerance(entry: object, path: Path) -> Tolerance:
    keys = {"absolute", "relative", "ulp"}
    if not isinstance(entry, dict) or set(entry) != keys:
        raise PackageError(
            Reason.BAD_TOLERANCE,
            f"{path}: tolerance must have the keys {', '.join(sorted(keys))}",
        )
    absolute, relative, ulp = entry["absolute"], entry["relative"], entry["ulp"]
    for key in keys:
        if isinstance(entry[key], bool) or not isinstance(entry[key], int | float):
            raise PackageError(Reason.BAD_TOLERANCE, f"{path}: {key} is not a number")
    if not isinstance(ulp, int):
        raise PackageError(Reason.BAD_TOLERANCE, f"{path}: ulp {ulp} is not an integer")
    return Tolerance.rounded(absolute, relative, ulp)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(Reason.BAD_FILE, f"{path}: {error.strerror}") from None
