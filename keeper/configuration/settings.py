"""The settings of a node: its cluster, its folder and its public address."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from solders.hash import Hash, ParseHashError

from keeper.errors import BadInputError

DEFAULT_URL = "http://127.0.0.1:8899"
DEFAULT_FOLDER = Path(".neurolov")
DEFAULT_QUOTA_BYTES = 1 << 33
DEFAULT_RETENTION_HOURS = 24.0


class Preference(StrEnum):
    """GPU requires an adapter, AUTO falls back to NumPy, NUMPY never uses a GPU."""

    GPU = "gpu"
    AUTO = "auto"
    NUMPY = "numpy"


@dataclass(frozen=True, slots=True)
class Serving:
    """How a node serves its data. `public_url` is set where others reach it by another address.

    Outputs are served for `retention_seconds` after the end of a job or task.
    """

    host: str = "127.0.0.1"
    port: int = 0
    public_url: str | None = None
    quota_bytes: int = DEFAULT_QUOTA_BYTES
    retention_seconds: float = DEFAULT_RETENTION_HOURS * 3600


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The settings of one node. `genesis_hash` pins the cluster; `poll_seconds` is per look.

    `allow_private` permits fetching from parties whose addresses are not public. With `fresh`, a
    chain that the folder does not know gets a folder of its own within it. Whoever is `patient`
    waits for a cluster that does not answer.
    """

    url: str = DEFAULT_URL
    websocket_url: str | None = None
    genesis_hash: str | None = None
    folder: Path = DEFAULT_FOLDER
    poll_seconds: float = 0.4
    allow_private: bool = False
    fresh: bool = False
    patient: bool = False

    def patiently(self) -> Self:
        """Returns the same settings, with which a cluster that does not answer is waited for."""
        return replace(self, patient=True)

    @property
    def pinned_hash(self) -> Hash | None:
        """The genesis hash that the cluster must have; raises BadInputError on a wrong form."""
        if self.genesis_hash is None:
            return None
        try:
            return Hash.from_string(self.genesis_hash)
        except ParseHashError as error:
            raise BadInputError(f"{self.genesis_hash!r} is not a genesis hash: {error}") from error
