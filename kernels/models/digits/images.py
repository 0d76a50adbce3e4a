"""scikit-learn's 8 by 8 handwritten digits, with a fixed split."""

import numpy as np
import numpy.typing as npt

HELD_OUT = 360
SIDE = 8

# A pixel p of 0..16 is stored as 15·p - 120: this uses the whole int8 range, and black is the zero
# point.
PIXEL_STEP = 15
ZERO_POINT = -120
FULL_PIXEL = 16

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


def _shuffled() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    # The import takes most of a second; commands that need no images avoid it.
    from sklearn.datasets import load_digits  # noqa: PLC0415

    pixels, labels = load_digits(return_X_y=True)
    stored = (pixels * PIXEL_STEP + ZERO_POINT).astype(np.int8).reshape(-1, SIDE, SIDE, 1)
    order = np.random.RandomState(_SPLIT_SEED).permutation(len(labels))
    return stored[order], labels[order].astype(np.int64)
