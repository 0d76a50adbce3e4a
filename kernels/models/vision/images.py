"""Images to calibrate and to measure with."""

from itertools import product

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.float32]

# The mean and the deviation of ImageNet's channels, which classifiers are trained with.
MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
WAVES = 6


def images(count: int, size: int = 224, seed: int = 0) -> Images:
    """Returns normalised images, float32 [count, 3, size, size].

    They are smooth as photographs are: sums of waves whose strength falls with their frequency,
    with a little noise.
    """
    generator = np.random.default_rng(seed)
    across = np.linspace(0, 2 * np.pi, size, dtype=np.float32)
    found = np.full((count, 3, size, size), 0.5, np.float32)
    for picture, channel in product(range(count), range(3)):
        for _ in range(WAVES):
            rows, columns = generator.integers(0, 8, 2)
            phase, strength = generator.uniform(0, 2 * np.pi), generator.uniform(0.1, 0.4)
            angle = rows * across[:, None] + columns * across[None, :] + phase
            wave = np.sin(angle, dtype=np.float32)
            found[picture, channel] += strength / (1 + rows + columns) * wave
    found += generator.normal(0, 0.02, found.shape).astype(np.float32)
    return np.asarray((found.clip(0, 1) - MEAN) / DEVIATION, np.float32)
