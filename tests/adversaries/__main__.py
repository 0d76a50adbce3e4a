"""Plays seeds and prints what happened: `python -m tests.adversaries SEED...`."""

import sys
import time
from collections import Counter

from tests.adversaries.play import play

if __name__ == "__main__":
    bounds = [int(argument) for argument in sys.argv[1:]]
    seeds = range(*bounds) if len(bounds) == 2 else bounds
    reached = Counter[str]()
    begun = time.perf_counter()
    for seed in seeds:
        reached += play(seed)
    for what, times in sorted(reached.items()):
        sys.stdout.write(f"{times:6} {what}\n")
    sys.stdout.write(f"{time.perf_counter() - begun:.1f} s\n")
