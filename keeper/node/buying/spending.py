"""What a buyer spends, on disk, and the limits that it has set.

An amount is counted before it moves, and what comes back is credited once the work has ended. So a
crash at any moment leaves too much counted rather than too little. Entries are by the address of
the work, and name the order that it is posted for: one that is tried again counts once.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Final

from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.errors import BadInputError, KeeperError
from keeper.files import replace_atomically
from keeper.locks import Turn

DAY_SECONDS: Final = 86_400
KEPT_DAYS: Final = 30
"""How long an entry is kept whose work has not ended as far as this node knows."""
PER_JOB_KEY: Final = "spending-per-job"
PER_DAY_KEY: Final = "spending-per-day"
LEDGER_FILE: Final = "spending.json"
LOCK_FILE: Final = "spending.lock"


class SpendingLimitError(BadInputError):
    """Posting would spend more than the buyer has allowed."""


class SpendingLedgerError(KeeperError):
    """The ledger cannot be read, so that nobody knows what was spent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a buyer allows, in base units: per job or task, and in any 24 hours."""

    per_job: int | None = None
    per_day: int | None = None


NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Entry:
    """What left the buyer's account for one job or task, and what came back, in base units.

    It left at `seconds`, Unix time, for the buyer's order of this name. An entry is `open` until
    the work has ended.
    """

    order: str
    seconds: float
    amount: int
    returned: int = 0
    open: bool = True

    @property
    def spent(self) -> int:
        """Base units that count."""
        return self.amount - self.returned


class SpendingLedger:
    """The spending of the buyer whose folder this is; several processes may share it."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time) -> None:
        self._folder = folder
        self._clock = clock

    def entries(self) -> Mapping[Pubkey, Entry]:
        """Returns the entries by the address of the work; raises SpendingLedgerError."""
        try:
            document = json.loads((self._folder / LEDGER_FILE).read_bytes())
            return {Pubkey.from_string(work): Entry(**each) for work, each in document.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise SpendingLedgerError(
                f"{self._folder / LEDGER_FILE} cannot be read ({error}); restore it from a copy, "
                "or remove it to begin counting anew"
            ) from error

    def spent_today(self) -> int:
        """Returns the base units that were spent in the last 24 hours."""
        return _counted(self.entries(), self._clock())

    def require(self, amount: int, limits: Limits, order: str | None = None) -> None:
        """Raise SpendingLimitError where spending so many base units would pass a limit.

        What is counted for the order already is not counted twice.
        """
        _check(_others(self.entries(), order), amount, limits, self._clock())

    def count(self, work: Pubkey, amount: int, limits: Limits, order: str) -> None:
        """Count an amount that is about to be locked for `work`; it is on disk before this returns.

        It takes the place of what is counted for the same order, whose earlier posting never
        landed, and of what is counted for the same address, which can be used only once. Raises
        SpendingLimitError, and then nothing changes.
        """
        with self._locked():
            now = self._clock()
            entries = _others(self.entries(), order)
            entries.pop(work, None)
            _check(entries, amount, limits, now)
            entries[work] = Entry(order, now, amount)
            self._write(entries, now)

    def credit(self, work: Pubkey, returned: int) -> None:
        """Credit what came back of `work`, which has ended; nothing where it was never counted.

        What was credited before stays credited.
        """
        with self._locked():
            entries = dict(self.entries())
            known = entries.get(work)
            if known is not None:
                back = max(known.returned, min(returned, known.amount))
                entries[work] = replace(known, returned=back, open=False)
                self._write(entries, self._clock())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with Turn(self._folder / LOCK_FILE):
            yield

    def _write(self, entries: Mapping[Pubkey, Entry], now: float) -> None:
        kept = {
            str(work): asdict(each)
            for work, each in entries.items()
            if each.seconds > now - DAY_SECONDS * (KEPT_DAYS if each.open else 1)
        }
        with replace_atomically(self._folder / LEDGER_FILE) as file:
            file.write(json.dumps(kept, sort_keys=True).encode())


def _others(entries: Mapping[Pubkey, Entry], order: str | None) -> dict[Pubkey, Entry]:
    return {work: each for work, each in entries.items() if not (each.open and each.order == order)}


def _check(entries: Mapping[Pubkey, Entry], amount: int, limits: Limits, now: float) -> None:
    if limits.per_job is not None and amount > limits.per_job:
        raise SpendingLimitError(
            f"this would take {nlov(amount)} NLOV, above the {nlov(limits.per_job)} NLOV that "
            f"{PER_JOB_KEY} allows; to allow more: {_remedy(PER_JOB_KEY, amount)}"
        )
    if limits.per_day is None:
        return
    spent = _counted(entries, now)
    if spent + amount > limits.per_day:
        raise SpendingLimitError(
            f"this would take {nlov(amount)} NLOV after {nlov(spent)} NLOV in the last 24 hours, "
            f"above the {nlov(limits.per_day)} NLOV that {PER_DAY_KEY} allows{_room(entries, now)}"
            f"; to allow more: {_remedy(PER_DAY_KEY, spent + amount)}"
        )


def _counted(entries: Mapping[Pubkey, Entry], now: float) -> int:
    return sum(each.spent for each in entries.values() if each.seconds > now - DAY_SECONDS)


def _room(entries: Mapping[Pubkey, Entry], now: float) -> str:
    """Returns from when on less counts."""
    counted = [each.seconds for each in entries.values() if each.seconds > now - DAY_SECONDS]
    if not counted:
        return ""
    freed = datetime.fromtimestamp(min(counted) + DAY_SECONDS, UTC)
    return f" (less counts from {freed:%Y-%m-%d %H:%M:%S} UTC on)"


def _remedy(key: str, amount: int) -> str:
    # Options take no commas between thousands.
    return f"neurolov config set {key} {nlov(amount).replace(',', '')}"
