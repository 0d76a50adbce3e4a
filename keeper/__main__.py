"""Command line to exit status."""

from keeper.cli.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
