"""Accounts of a LiteSVM instance, listed by owner, now and at the end of earlier slots."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from solders.account import Account
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

from .versions import Versions

_PURGED = Account(0, b"", SYSTEM_PROGRAM)


class ProgramLoadError(ValueError):
    """A program file is missing or no sBPF program."""


@dataclass(frozen=True, slots=True)
class AccountsAt:
    """The accounts as they are in the open slot, or were at the end of the closed slot `slot`."""

    slot: int
    store: "AccountStore"

    def get(self, pubkey: Pubkey) -> Account | None:
        """Returns the account, or None."""
        return self.store.versions.at(self.slot, pubkey, self.store.get(pubkey))

    def balance(self, pubkey: Pubkey) -> int:
        """Returns the lamports, 0 if there is no account."""
        account = self.get(pubkey)
        return 0 if account is None else account.lamports

    def owned_by(self, program_id: Pubkey) -> list[tuple[Pubkey, Account]]:
        """Accounts of `program_id` that were written here, in the order of their addresses."""
        written = self.store.versions.written_since(self.slot)
        if not written:
            return self.store.owned_by(program_id)
        keys = {*written, *self.store.keys_of(program_id)}
        found = ((key, self.get(key)) for key in sorted(keys, key=bytes))
        return [(key, one) for key, one in found if one is not None and one.owner == program_id]

    def every(self) -> list[tuple[Pubkey, Account]]:
        """Returns all accounts that were written here."""
        keys = {*self.store.versions.written_since(self.slot), *self.store.every()}
        found = ((key, self.get(key)) for key in keys)
        return [(key, account) for key, account in found if account is not None]


class AccountStore:
    """Reads and writes accounts; an account without lamports does not exist."""

    def __init__(self, svm: LiteSVM, versions: Versions) -> None:
        self._svm = svm
        self.versions = versions
        self._owned: defaultdict[Pubkey, set[Pubkey]] = defaultdict(set)
        self._owner_of: dict[Pubkey, Pubkey] = {}

    def get(self, pubkey: Pubkey) -> Account | None:
        """Returns the account, or None."""
        account = self._svm.get_account(pubkey)
        return None if account is None or account.lamports == 0 else account

    def balance(self, pubkey: Pubkey) -> int:
        """Returns the lamports, 0 if there is no account."""
        return self._svm.get_balance(pubkey) or 0

    def owned_by(self, program_id: Pubkey) -> list[tuple[Pubkey, Account]]:
        """Accounts of `program_id` that were written here, in the order of their addresses."""
        keys = sorted(self.keys_of(program_id), key=bytes)
        return [(key, account) for key in keys if (account := self.get(key)) is not None]

    def keys_of(self, program_id: Pubkey) -> Iterable[Pubkey]:
        """Returns the addresses of the accounts that `program_id` owns now."""
        return self._owned.get(program_id, ())

    def put(self, pubkey: Pubkey, account: Account | None) -> None:
        """Write the account; None or zero lamports purge it."""
        self.note([pubkey])
        gone = account is None or account.lamports == 0
        self._svm.set_account(pubkey, _PURGED if account is None or gone else account)
        self._index(pubkey, None if gone else account)

    def note(self, keys: Iterable[Pubkey]) -> None:
        """Remember what is at `keys`, before LiteSVM itself writes there."""
        if self.versions.remembers:
            for key in keys:
                self.versions.note(key, self.get(key))

    def every(self) -> list[Pubkey]:
        """Returns the addresses of all accounts that were written here."""
        return list(self._owner_of)

    @contextmanager
    def as_of(self, slot: int) -> Iterator[None]:
        """Show LiteSVM every account as it was at the end of `slot`."""
        now = {key: self._svm.get_account(key) for key in self.versions.written_since(slot)}
        for key, account in now.items():
            self._svm.set_account(key, self.versions.at(slot, key, account) or _PURGED)
        try:
            yield
        finally:
            for key, account in now.items():
                self._svm.set_account(key, account or _PURGED)

    def settle(self, pubkey: Pubkey) -> Account | None:
        """Take over what a transaction left at `pubkey`, and return it."""
        left = self._svm.get_account(pubkey)
        if left is not None and left.lamports == 0:
            # LiteSVM keeps data and owner of an account without lamports and would show them to
            # the next transaction; a cluster purges it.
            self.put(pubkey, None)
            return None
        self._index(pubkey, left)
        return left

    def saved(self) -> Mapping[Pubkey, Account]:
        """Returns every account that was written here and is no program."""
        found = ((key, self.get(key)) for key in self._owner_of)
        return {key: account for key, account in found if account and not account.executable}

    def restore(self, saved: Mapping[Pubkey, Account]) -> None:
        """Make the accounts again what they were when they were `saved`."""
        for key, account in self.saved().items():
            if key not in saved:
                self.put(key, None)
            elif account != saved[key]:
                self.put(key, saved[key])
        for key in saved.keys() - self._owner_of.keys():
            self.put(key, saved[key])

    def add_program(self, program_id: Pubkey, path: Path) -> None:
        """Load the sBPF ELF file at `path`. Raises ProgramLoadError."""
        try:
            elf = path.read_bytes()
        except OSError as error:
            raise ProgramLoadError(
                f"program {program_id}: cannot read {path}: {error.strerror}"
            ) from error
        if not elf.startswith(b"\x7fELF"):
            raise ProgramLoadError(f"program {program_id}: {path} is not an ELF file; rebuild it")
        try:
            self._svm.add_program(program_id, elf)
        except BaseException as error:
            # LiteSVM panics on a program that its loader refuses, and pyo3 keeps the class private.
            if type(error).__name__ != "PanicException":
                raise
            raise ProgramLoadError(
                f"program {program_id}: {path} is no sBPF program; rebuild it"
            ) from error
        self.settle(program_id)

    def _index(self, pubkey: Pubkey, account: Account | None) -> None:
        owner = self._owner_of.get(pubkey)
        if account is not None and account.owner == owner:
            return
        if owner is not None:
            self._owned[owner].discard(pubkey)
            del self._owner_of[pubkey]
        if account is not None:
            self._owned[account.owner].add(pubkey)
            self._owner_of[pubkey] = account.owner
