"""The behaviour of parties in the lives that tests write down."""

from keeper.lab.market.judgement import Choice
from tests.invariants.progress import Conduct

_BALLOTS = 15


def diligent(choice: Choice | None, **changes: object) -> Conduct:
    """Returns conduct by which everyone works to the end and all verifiers vote alike."""
    values: dict[str, object] = {
        "provider": 1,
        "last": 4,
        "restart": False,
        "silent": False,
        "salted": True,
        "votes": (choice,) * _BALLOTS,
        "operator": 0,
        "withheld": frozenset[int](),
        "cranker": 0,
        "answers": 0,
        "challenges": False,
    }
    return Conduct(**{**values, **changes})  # type: ignore[arg-type]
