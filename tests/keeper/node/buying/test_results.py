"""What is kept of a result: one array, or several under whatever names they have."""

from pathlib import Path

import numpy as np
import pytest

from keeper.node.buying.results import (
    Result,
    kept_path,
    read_result,
    suffix_of,
    write_result,
)

ONE = np.arange(6, dtype=np.int32).reshape(2, 3)
# Names that NumPy's own writer takes for its arguments, and that look like paths.
SEVERAL = {
    "file": ONE,
    "allow_pickle": np.zeros(0, np.float32),
    "../up/there": np.array(7, np.int64),
    "a.npy": np.array([True]),
}


@pytest.mark.parametrize("result", [ONE, SEVERAL])
def test_a_result_comes_back_and_has_one_form(tmp_path: Path, result: Result) -> None:
    assert read_result(tmp_path, "job") is None
    for name in ("job", "again"):
        with (tmp_path / f"{name}{suffix_of(result)}").open("wb") as file:
            write_result(file, result)
    assert kept_path(tmp_path, "job").read_bytes() == kept_path(tmp_path, "again").read_bytes()
    found = read_result(tmp_path, "job")
    if isinstance(result, dict):
        assert isinstance(found, dict)
        assert list(found) == list(result)
        assert all(np.array_equal(found[name], result[name]) for name in result)
        assert all(found[name].dtype == result[name].dtype for name in result)
    else:
        assert isinstance(found, np.ndarray)
        np.testing.assert_array_equal(found, result)
