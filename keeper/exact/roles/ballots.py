"""Ballots on disk: a ballot that was committed has to be revealed after any restart."""

import json
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.data.files import replace_atomically
from keeper.exact.decisions.verifier import BallotKey
from keeper.exact.verification import Ballot, Choice

SUFFIX = ".json"


class BallotBox:
    """One file a ballot, readable by its owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, key: BallotKey, ballot: Ballot) -> None:
        """Store a ballot before anything about it is sent."""
        document = {
            "choice": int(ballot.choice),
            "element": ballot.element,
            "operator": ballot.operator,
            "salt": ballot.salt.hex(),
        }
        with replace_atomically(self._path(key)) as file:
            file.write(json.dumps(document, sort_keys=True).encode())

    def get(self, key: BallotKey) -> Ballot:
        """A kept ballot; KeyError when there is none."""
        try:
            document = json.loads(self._path(key).read_bytes())
        except FileNotFoundError:
            raise KeyError(key) from None
        return Ballot(
            Choice(document["choice"]),
            document["operator"],
            document["element"],
            bytes.fromhex(document["salt"]),
        )

    def keys(self) -> frozenset[BallotKey]:
        """Every kept ballot."""
        names = (path.stem.rsplit("-", 1) for path in self._root.glob(f"*{SUFFIX}"))
        return frozenset((Pubkey.from_string(job), int(index)) for job, index in names)

    def discard(self, key: BallotKey) -> None:
        """Forget a ballot that was released."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: BallotKey) -> Path:
        job, index = key
        return self._root / f"{job}-{index}{SUFFIX}"
