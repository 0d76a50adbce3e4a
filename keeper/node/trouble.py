"""Trouble that a role outlives: it is told once, not with every try."""

import logging
from dataclasses import dataclass, field

from keeper.errors import KeeperError
from neurolov_client import AccountDataError

_EXPECTED = (KeeperError, AccountDataError, OSError)


@dataclass(slots=True)
class Trouble:
    """What goes wrong again and again under one name, such as reading the chain."""

    name: str
    log: logging.Logger
    _told: str = field(default="", init=False)

    def tell(self, error: Exception) -> None:
        """Warn of an error unless it was the last one; a traceback comes with one of a new kind."""
        told = f"{type(error).__name__}: {error}"
        if told != self._told:
            self._told = told
            trace = None if isinstance(error, _EXPECTED) else error
            self.log.warning("%s: %s", self.name, error or told, exc_info=trace)

    def over(self) -> None:
        """Note that it went well."""
        self._told = ""
