"""How the vault keeps ballots: one that was committed has to be revealed after any restart."""

from typing import Final

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import Choice
from keeper.exact.decisions.verifier import BallotKey
from keeper.exact.verification import Ballot
from keeper.node.vault import Document, Format, Secrets

Ballots = Secrets[BallotKey, Ballot]


def _name(key: BallotKey) -> str:
    job, index = key
    return f"{job}-{index}"


def _key(name: str) -> BallotKey:
    job, index = name.rsplit("-", 1)
    return Pubkey.from_string(job), int(index)


def _encode(ballot: Ballot) -> Document:
    return {
        "choice": int(ballot.choice),
        "element": ballot.element,
        "operator": ballot.operator,
        "salt": ballot.salt.hex(),
    }


def _decode(document: Document) -> Ballot:
    return Ballot(
        Choice(document["choice"]),
        document["operator"],
        document["element"],
        bytes.fromhex(document["salt"]),
    )


BALLOTS: Final = Format("ballots", _name, _key, _encode, _decode)
"""By job and index of the drawn ballot."""
