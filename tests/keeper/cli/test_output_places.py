"""Where a result is written: one file, an archive, or a file per output in a folder."""

from pathlib import Path

import numpy as np
import pytest

from keeper.cli.outputs import Output, OutputFailedError, OutputRefusedError
from keeper.node.buying.results import Result, write_result

ONE = np.arange(4, dtype=np.int32)
SEVERAL: Result = {"scores": ONE, "../class": np.array([7], np.int64)}
NAMES = ["scores", "../class"]


def kept(folder: Path, result: Result) -> Path:
    path = folder / ("job.npz" if isinstance(result, dict) else "job.npy")
    with path.open("wb") as file:
        write_result(file, result)
    return path


def test_several_outputs_go_to_files_in_a_folder_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    output = Output(folder, overwrite=False)
    output.require_writable(1, names=NAMES)
    output.write(SEVERAL)
    files = sorted(each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*.npy"))
    assert files == ["outputs/..%2Fclass.npy", "outputs/scores.npy"]
    np.testing.assert_array_equal(np.load(folder / "scores.npy"), ONE)
    with pytest.raises(OutputRefusedError, match=r"scores.npy exists; name another --output"):
        output.require_writable(1, names=NAMES)
    # The files of the same result are no obstacle, and those of another one are.
    output.require_writable(1, kept(tmp_path, SEVERAL), NAMES)
    (folder / "scores.npy").write_bytes(b"another result")
    with pytest.raises(OutputRefusedError, match=r"scores.npy exists"):
        output.require_writable(1, kept(tmp_path, SEVERAL), NAMES)
    # A command that learns the names with the result alone replaces nothing either.
    with pytest.raises(OutputFailedError, match=r"scores.npy exists; .*; the result is kept in"):
        output.write(SEVERAL, kept(tmp_path, SEVERAL))
    assert (folder / "scores.npy").read_bytes() == b"another result"
    Output(folder, overwrite=True).require_writable(1, names=NAMES)
    Output(folder, overwrite=True).write(SEVERAL)
    np.testing.assert_array_equal(np.load(folder / "scores.npy"), ONE)


@pytest.mark.parametrize("name", ["y", "y.npy"])
def test_several_outputs_need_an_archive_or_a_folder(tmp_path: Path, name: str) -> None:
    output, own = Output(tmp_path / name, overwrite=False), kept(tmp_path, SEVERAL)
    with pytest.raises(OutputRefusedError, match=r"has 2 outputs; name an \.npz file"):
        output.require_writable(1, names=NAMES)
    # Where the names were not known before, nothing is written and the user is told what is kept.
    output.require_writable(1)
    with pytest.raises(OutputFailedError, match=f"has 2 outputs; .*; the result is kept in {own}"):
        output.write(SEVERAL, own)
    assert [each.name for each in tmp_path.iterdir()] == [own.name]


def test_one_output_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(OutputRefusedError, match="is a directory; the result is one array"):
        Output(tmp_path, overwrite=False).require_writable(1, names=[])
    with pytest.raises(OutputFailedError, match="is a directory"):
        Output(tmp_path, overwrite=True).write(ONE)
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_decoded_and_compared_so(tmp_path: Path) -> None:
    def halved(result: Result) -> Result:
        assert isinstance(result, np.ndarray)
        return result / 2

    output, own = Output(tmp_path / "y", False, halved), kept(tmp_path, ONE)
    written = output.write(ONE)
    np.testing.assert_array_equal(np.load(tmp_path / "y"), [0, 0.5, 1, 1.5])
    assert isinstance(written, np.ndarray)
    output.require_writable(1, own, [])
    with pytest.raises(OutputRefusedError, match="exists"):
        Output(tmp_path / "y", overwrite=False).require_writable(1, own, [])
