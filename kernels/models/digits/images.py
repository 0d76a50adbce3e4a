"""scikit-learn's 8 by 8 handwritten digits, with a fixed split."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

HELD_OUT = 360
SIDE = 8

# A pixel p of 0..16 is stored as 15·p - 120: this uses the whole int8 range, and black is the zero
# point.
PIXEL_STEP = 15
ZERO_POINT = -120
FULL_PIXEL = 16

PACKAGE = "sklearn"
_FILE = Path("datasets", "data", "digits.csv.gz")

# NumPy froze RandomState's stream; default_rng's may change between versions.
_SPLIT_SEED = 20


def held_out() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    """Returns images int8 [360, 8, 8, 1] and labels int64 [360], none of them used in training."""
    images, labels = _shuffled()
    return images[:HELD_OUT], labels[:HELD_OUT]


def training() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    """Returns images int8 [1437, 8, 8, 1] and labels int64 [1437]."""
    images, labels = _shuffled()
    return images[HELD_OUT:], labels[HELD_OUT:]


def brightness(images: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Returns the real values, 0 to 1, of stored images."""
    return (images.astype(np.float64) - ZERO_POINT) / (PIXEL_STEP * FULL_PIXEL)


class MissingImagesError(ImportError):
    """The package scikit-learn, which ships the images, is not installed."""


def _shuffled() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    # The file is read without the package. Importing it takes most of a second, and SciPy computes
    # in long double when it is imported: the first such operation after LiteSVM has run a program
    # in this process gives a wrong number and a warning.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingImagesError("the images are part of scikit-learn; install neurolov[digits]")
    table = np.loadtxt(Path(next(iter(spec.submodule_search_locations))) / _FILE, delimiter=",")
    pixels, labels = table[:, :-1], table[:, -1]
    stored = (pixels * PIXEL_STEP + ZERO_POINT).astype(np.int8).reshape(-1, SIDE, SIDE, 1)
    order = np.random.RandomState(_SPLIT_SEED).permutation(len(labels))
    return stored[order], labels[order].astype(np.int64)
