"""Writes the generated files again: `python -m kernels.generate`, or `--check` to find drift.

These are descriptor/fields.wgsl, the hashes in the exact operators' manifests, and the operator
tables of README.md. The hashes depend on fields.wgsl, which is therefore written first.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from kernels.descriptor import wgsl
from kernels.exact import documentation, manifests

GENERATORS: tuple[Callable[[], dict[Path, str]], ...] = (
    lambda: {wgsl.PATH: wgsl.text()},
    manifests.texts,
    lambda: {documentation.PATH: documentation.text()},
)


def generate(*, write: bool) -> Iterator[Path]:
    """Yields every file that is out of date, after writing it again if `write` is set."""
    for generator in GENERATORS:
        for path, text in generator().items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                if write:
                    path.write_text(text, encoding="utf-8")
                yield path


def main() -> int:
    """Returns the exit status: 1 if `--check` finds a file that is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail on drift")
    check = parser.parse_args().check
    stale = list(generate(write=not check))
    for path in stale:
        sys.stdout.write(f"{path} {'is out of date' if check else 'was written'}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
