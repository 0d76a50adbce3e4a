"""The generated types: frozen dataclasses that are completed when they are first used.

`dataclasses` compiles several methods for each class. Doing so for all 140 types at import would
take longer than importing everything else, and a program uses a few of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Final

from neurolov_client.codec import Layout

_FIELDS: Final = "__dataclass_fields__"


class _Pending:
    """Stands for a type's fields until somebody asks for them."""

    def __get__(self, instance: object, owner: type) -> Any:
        _complete(owner)
        return getattr(owner, _FIELDS)


_PENDING: Final = _Pending()
_LOCK: Final = RLock()


def _complete(kind: type) -> None:
    """Makes the generated type, from which `kind` may be derived, a dataclass."""
    with _LOCK:
        owner = next((each for each in kind.__mro__ if _FIELDS in each.__dict__), None)
        if owner is None:
            raise TypeError(f"{kind.__name__} is not a generated type")
        if owner.__dict__[_FIELDS] is _PENDING:
            dataclass(frozen=True, kw_only=True)(owner)


class Record:
    """Base of the generated types, whose values never change."""

    __slots__ = ()
    LAYOUT: ClassVar[Layout]
    """Name and type of each field in the order of the bytes; padding has no name."""

    if not TYPE_CHECKING:
        # Each of these completes the class, whose own method then takes its place.

        def __init__(self, *arguments, **values):
            _complete(type(self))
            self.__init__(*arguments, **values)

        def __repr__(self):
            _complete(type(self))
            return repr(self)

        def __eq__(self, other):
            _complete(type(self))
            return self == other

        def __hash__(self):
            _complete(type(self))
            return hash(self)

        def __setattr__(self, name, value):
            _complete(type(self))
            setattr(self, name, value)

        def __delattr__(self, name):
            _complete(type(self))
            delattr(self, name)

        def __reduce__(self):
            return _restored, (
                type(self),
                {each.name: getattr(self, each.name) for each in fields(self)},
            )


def _restored(kind: Callable[..., Record], values: dict[str, Any]) -> Record:
    return kind(**values)


if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen, kw_only):
        """Returns a decorator for a generated type; type checkers see `dataclass`."""
        assert frozen, "the methods above are those of a frozen dataclass"
        assert kw_only, "and take keywords"

        def mark(kind):
            setattr(kind, _FIELDS, _PENDING)
            return kind

        return mark


__all__ = ["Record", "record"]
