"""What a role can decide: to act, or to wait."""

from dataclasses import dataclass, fields
from typing import ClassVar

from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Wait:
    """There is nothing to do before a slot, or, when `until` is None, before the chain changes."""

    until: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a role does next, on chain or on its own machine.

    `kind` names it in the journal, in logs and in metrics. It never changes once it has been used,
    whatever becomes of the class.
    """

    kind: ClassVar[str]

    in_background: ClassVar[bool] = False
    """Whether the role goes on while the action is under way: it takes long and sends nothing."""

    @property
    def subject(self) -> Pubkey | None:
        """The job or task that the action is about; None for a chore."""
        return None

    @property
    def operation(self) -> str:
        """The action's part of an operation id: kind, then each field by name.

        Fields that have their default are left out, so that a field which is added later does not
        rename operations that are already in a journal.
        """
        told = sorted((each.name, getattr(self, each.name), each.default) for each in fields(self))
        parts = [f"{name}={_plain(value)}" for name, value, default in told if value != default]
        return " ".join([self.kind, *parts])


Decision = Action | Wait


def _plain(value: object) -> str:
    """Returns an unambiguous text; raises TypeError on a type whose text might change."""
    match value:
        case bool() | int() | Pubkey():
            return str(value)
        case bytes():
            return value.hex()
    raise TypeError(f"{type(value).__name__} is not part of an operation id")
