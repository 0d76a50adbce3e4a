"""A generated type behaves as a dataclass from its first use, whatever that is."""

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace
from threading import Barrier
from types import ModuleType
from typing import Any

import pytest
from solders.pubkey import Pubkey

from neurolov_client import Account

ENVELOPE = (1).to_bytes(8, "little") + (2).to_bytes(8, "little") + (3).to_bytes(8, "little")
OWNER = bytes([4] * 32)


@pytest.fixture
def staked(sample: ModuleType) -> Any:
    """An event whose type nothing has used yet."""
    data = bytes(8) + ENVELOPE + OWNER + (5).to_bytes(8, "little")
    return sample.Staked.decode(data)


USES: dict[str, Callable[[ModuleType, Any], bool]] = {
    "repr": lambda sample, event: repr(event).startswith("Staked(envelope=Envelope(slot=1, "),
    "equality": lambda sample, event: event == copy.copy(event) and event != 1,
    "hash": lambda sample, event: hash(event) == hash(replace(event)),
    "replace": lambda sample, event: replace(event, amount=9).amount == 9,
    "fields": lambda sample, event: [each.name for each in fields(event)][1] == "owner",
    "is_dataclass": lambda sample, event: is_dataclass(event),
    "asdict": lambda sample, event: list(asdict(event.envelope).values()) == [1, 2, 3],
    "pickle": lambda sample, event: pickle.loads(pickle.dumps(event.envelope)) == event.envelope,
    "init": lambda sample, event: (
        event
        == sample.Staked(
            envelope=sample.Envelope(slot=1, time=2, sequence=3), owner=Pubkey(OWNER), amount=5
        )
    ),
}


@pytest.mark.parametrize("use", USES)
def test_the_first_use_completes_the_type(sample: ModuleType, staked: Any, use: str) -> None:
    assert USES[use](sample, staked)


def test_a_value_never_changes(staked: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        staked.amount = 6
    with pytest.raises(FrozenInstanceError):
        del staked.amount
    assert staked.amount == 5
    assert not hasattr(staked, "__dict__")


@pytest.mark.parametrize(
    ("arguments", "values"),
    [((1, 2, 3), {}), ((), {"slot": 1}), ((), {"slot": 1, "time": 2, "sequence": 3, "more": 4})],
)
def test_other_arguments_are_refused(
    sample: ModuleType, arguments: tuple[int, ...], values: dict[str, int]
) -> None:
    with pytest.raises(TypeError):
        sample.Envelope(*arguments, **values)


def test_a_derived_type_uses_what_it_is_derived_from(sample: ModuleType) -> None:
    own: Any = type("Own", (sample.Staked,), {"__slots__": ()})
    data = bytes(8) + ENVELOPE + OWNER + (5).to_bytes(8, "little")
    decoded = own.decode(data)
    assert type(decoded) is own
    assert replace(decoded, amount=7).amount == 7


def test_a_base_is_no_type_to_be_used() -> None:
    with pytest.raises(TypeError, match="Account is not a generated type"):
        Account()


def test_threads_that_use_a_type_first_at_once_all_succeed(sample: ModuleType) -> None:
    count = 8
    start = Barrier(count)

    def made(slot: int) -> Any:
        start.wait()
        return sample.Envelope(slot=slot, time=0, sequence=0)

    with ThreadPoolExecutor(count) as pool:
        assert [each.slot for each in pool.map(made, range(count))] == list(range(count))
