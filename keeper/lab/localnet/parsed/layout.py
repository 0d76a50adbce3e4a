"""How an instruction's accounts and data are named."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..ledger import Json
from .cursor import Cursor

Field = tuple[str, Callable[[Cursor], Json]]


class Layout(NamedTuple):
    """The names of an instruction's accounts and fields, in order.

    After the named accounts comes the authority, named `authority`; where more accounts follow,
    it is a multisig's and they are its signers. `optional` fields are left out where they are
    null. `remainder` names the list of accounts after the named ones; `extra` ones need not be
    there.
    """

    kind: str
    accounts: Sequence[str] = ()
    fields: Sequence[Field] = ()
    authority: str | None = None
    optional: Sequence[str] = ()
    remainder: str | None = None
    extra: Sequence[str] = ()

    def info(self, accounts: Sequence[str], data: Cursor) -> Mapping[str, Json]:
        """Returns the named accounts and fields. Raises ValueError where some are missing."""
        least = len(self.accounts) + (self.authority is not None)
        if len(accounts) < least:
            raise ValueError(f"{least} accounts wanted, {len(accounts)} given")
        names = (*self.accounts, *self.extra)
        info: dict[str, Json] = dict(zip(names, accounts, strict=False))
        for name, read in self.fields:
            value = read(data)
            if value is not None or name not in self.optional:
                info[name] = value
        following = accounts[len(self.accounts) :]
        if self.remainder is not None:
            info[self.remainder] = list(following)
        if self.authority is not None:
            info.update(_authority(self.authority, following))
        return info


def _authority(name: str, accounts: Sequence[str]) -> dict[str, Json]:
    if len(accounts) == 1:
        return {name: accounts[0]}
    return {f"multisig{name[0].upper()}{name[1:]}": accounts[0], "signers": list(accounts[1:])}
