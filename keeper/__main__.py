"""Command line to exit status."""

import sys

from keeper.cli.interrupts import leave_when_interrupted


def main() -> None:
    """Runs the command line and exits: 0 done, 1 failed, 2 bad input, 130 interrupted."""
    leave_when_interrupted()
    # Loads libraries, and an interrupt in that time is answered already.
    from keeper.cli.app import run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
