"""What a job or task gave: one array, or several by the names of their outputs."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Result = Array | dict[str, Array]

ONE_SUFFIX: Final = ".npy"
SEVERAL_SUFFIX: Final = ".npz"


def suffix_of(result: Result) -> str:
    """Returns the suffix of the file that keeps a result."""
    return SEVERAL_SUFFIX if isinstance(result, dict) else ONE_SUFFIX


def write_result(file: IO[bytes], result: Result) -> None:
    """Write one array in the format of .npy, several in that of .npz.

    Equal results give equal bytes.
    """
    if isinstance(result, dict):
        write_archive(file, result)
    else:
        np.save(file, result, allow_pickle=False)


def write_archive(file: IO[bytes], arrays: Mapping[str, Array]) -> None:
    """Write arrays in the format of .npz, whatever they are called; no time is in the bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_result(root: Path, name: str) -> Result | None:
    """Returns the result that is kept in a folder under a name, None where there is none."""
    path = kept_path(root, name)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        held = np.load(file, allow_pickle=False)
        return held if isinstance(held, np.ndarray) else {each: held[each] for each in held.files}


def kept_path(root: Path, name: str) -> Path:
    """Returns where a result is kept, if it is."""
    several = root / f"{name}{SEVERAL_SUFFIX}"
    return several if several.is_file() else root / f"{name}{ONE_SUFFIX}"
