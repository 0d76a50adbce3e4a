"""The behaviour of parties in the lives that tests write down."""

from neurolov_client.bindings.verdict import MAX_BALLOTS, Choice
from tests.invariants.progress import Conduct


def diligent(choice: Choice | None, **changes: object) -> Conduct:
    """Returns conduct by which everyone works to the end and all verifiers vote alike."""
    values: dict[str, object] = {
        "provider": 1,
        "last": 4,
        "restart": False,
        "silent": False,
        "salted": True,
        "votes": (choice,) * MAX_BALLOTS,
        "operator": 0,
        "withheld": frozenset[int](),
        "cranker": 0,
        "answers": 0,
        "challenges": False,
    }
    return Conduct(**{**values, **changes})  # type: ignore[arg-type]
