"""Transactions against LiteSVM under the cluster's rules for admission, fees and rent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from solders.account import Account
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import SanitizeError, Transaction, VersionedTransaction
from solders.transaction_metadata import (
    FailedTransactionMetadata,
    InnerInstruction,
    TransactionMetadata,
)

from .accounts import AccountStore
from .costs import LoadedBytes, fee
from .ledger import Json, Ledger, TokenBalance, TransactionRecord
from .message import AccountKeys, resolve_keys
from .rent import rent_violation
from .slots import SlotChain
from .spl_token import read_mint, read_token_account

PACKET_DATA_SIZE = 1232
"""Bytes of a transaction at most (Agave `PACKET_DATA_SIZE`)."""

MAX_ACCOUNT_LOCKS = 64
"""Accounts of a transaction at most (Agave `MAX_TX_ACCOUNT_LOCKS`, mainnet's value)."""


class TransactionTooLargeError(ValueError):
    """The transaction does not fit a packet of 1,232 bytes, so no cluster would take it."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """Outcome of a simulation; `accounts` are the writable accounts as they would end.

    `fee` and balances are in lamports and None where the transaction would be dropped.
    """

    err: Json
    blockhash: Hash
    logs: tuple[str, ...] = ()
    units: int = 0
    loaded_bytes: int = 0
    fee: int | None = None
    keys: AccountKeys = field(default=AccountKeys((), (), (), frozenset()))
    accounts: Mapping[Pubkey, Account] = field(default_factory=dict)
    pre_balances: tuple[int, ...] | None = None
    post_balances: tuple[int, ...] | None = None
    pre_token_balances: tuple[TokenBalance, ...] = ()
    post_token_balances: tuple[TokenBalance, ...] = ()
    return_data: tuple[Pubkey, bytes] | None = None
    inner_instructions: tuple[tuple[InnerInstruction, ...], ...] = ()


def as_versioned(transaction: VersionedTransaction | Transaction) -> VersionedTransaction:
    """Returns the transaction in its versioned form. Raises TransactionTooLargeError."""
    if isinstance(transaction, Transaction):
        transaction = VersionedTransaction.from_legacy(transaction)
    size = len(bytes(transaction))
    if size > PACKET_DATA_SIZE:
        raise TransactionTooLargeError(
            f"transaction of {size} bytes; a packet holds {PACKET_DATA_SIZE}: split it"
        )
    return transaction


def _encode_error(failure: FailedTransactionMetadata) -> Json:
    err: Json = json.loads(failure.to_json())["err"]
    return err


def _return_data(meta: TransactionMetadata) -> tuple[Pubkey, bytes] | None:
    # solders 0.26 calls it so; its stub has another name.
    returned = meta.return_data()  # type: ignore[attr-defined]
    return (returned.program_id, bytes(returned.data)) if returned.data else None


def _inner_instructions(meta: TransactionMetadata) -> tuple[tuple[InnerInstruction, ...], ...]:
    return tuple(tuple(group) for group in meta.inner_instructions())


def _lamports(accounts: Mapping[Pubkey, Account | None]) -> tuple[int, ...]:
    return tuple(account.lamports if account else 0 for account in accounts.values())


class Executor:
    """Executes transactions in the open slot of `chain`, and records them in `ledger`."""

    def __init__(
        self, svm: LiteSVM, accounts: AccountStore, chain: SlotChain, ledger: Ledger
    ) -> None:
        self._svm = svm
        self._accounts = accounts
        self._chain = chain
        self._ledger = ledger
        self._loaded = LoadedBytes()

    def execute(self, transaction: VersionedTransaction) -> TransactionRecord:
        """Execute, settle the accounts it wrote, and record it if it landed."""
        keys = resolve_keys(transaction.message, self._accounts.get)
        refusal = self._refusal(transaction, keys, verify=True)
        if refusal is not None or keys is None:
            return self._dropped(transaction, refusal)
        before = [self._accounts.get(key) for key in keys.all]
        pre_tokens = self._token_balances(keys, self._accounts.get)
        self._accounts.note(keys.all[index] for index in keys.writable)
        result = self._svm.send_transaction(transaction)
        if isinstance(result, FailedTransactionMetadata):
            err, meta = _encode_error(result), result.meta()
            # What fails before its first instruction is charged nothing, and no leader packs it.
            if self._accounts.get(keys.static[0]) == before[0]:
                return self._dropped(transaction, err)
        else:
            err, meta = self._undo_rent_violation(keys, before), result
        for index in keys.writable:
            self._accounts.settle(keys.all[index])
        pre_balances = tuple(account.lamports if account else 0 for account in before)
        post_balances = tuple(self._accounts.balance(key) for key in keys.all)
        record = TransactionRecord(
            transaction=transaction,
            signature=transaction.signatures[0],
            slot=self._chain.slot,
            block_time=self._chain.time_of(self._chain.slot),
            landed=True,
            err=err,
            index=self._ledger.open_block_size,
            logs=tuple(meta.logs()),
            units=meta.compute_units_consumed(),
            loaded_bytes=self._loaded.of(zip(keys.all, before, strict=True)),
            # Instructions conserve lamports, so what is missing is the fee.
            fee=sum(pre_balances) - sum(post_balances),
            keys=keys,
            pre_balances=pre_balances,
            post_balances=post_balances,
            pre_token_balances=pre_tokens,
            post_token_balances=self._token_balances(keys, self._accounts.get),
            inner_instructions=_inner_instructions(meta),
            return_data=_return_data(meta),
        )
        self._ledger.add(record)
        return record

    def simulate(
        self,
        transaction: VersionedTransaction,
        *,
        verify_signatures: bool,
        replace_blockhash: bool,
        height: int,
    ) -> Simulation:
        """Execute without effect, in the block at `height`, whose accounts must be in place."""
        blockhash = transaction.message.recent_blockhash
        if replace_blockhash:
            blockhash = self._chain.latest_blockhash_at(height)
        keys = resolve_keys(transaction.message, self._accounts.get)
        refusal = self._refusal(
            transaction,
            keys,
            verify=verify_signatures,
            check_age=not replace_blockhash,
            height=height,
        )
        if keys is None or refusal == "SignatureFailure":
            return Simulation(refusal, blockhash)
        before = {key: self._accounts.get(key) for key in keys.all}
        if refusal is not None:
            return self._unexecuted(refusal, blockhash, keys, before)
        result = self._svm.simulate_transaction(transaction)
        charged = fee(transaction.message)
        after = before.copy()
        if isinstance(result, FailedTransactionMetadata):
            err, accounts = _encode_error(result), {}
            if not isinstance(err, Mapping):
                # It fails before its first instruction: no leader would pack it.
                return self._unexecuted(err, blockhash, keys, before)
        else:
            accounts = dict(result.post_accounts())
            after.update(accounts)
            err = self._rent_error(keys, list(before.values()), accounts.get)
        pre_balances = _lamports(before)
        post_balances = (
            _lamports(after) if err is None else (pre_balances[0] - charged, *pre_balances[1:])
        )
        meta = result.meta()
        return Simulation(
            err=err,
            blockhash=blockhash,
            logs=tuple(meta.logs()),
            units=meta.compute_units_consumed(),
            loaded_bytes=self._loaded.of(before.items()),
            fee=charged,
            keys=keys,
            accounts=accounts,
            pre_balances=pre_balances,
            post_balances=post_balances,
            pre_token_balances=self._token_balances(keys, before.get),
            post_token_balances=self._token_balances(keys, after.get),
            return_data=_return_data(meta),
            inner_instructions=_inner_instructions(meta),
        )

    def _unexecuted(
        self,
        err: Json,
        blockhash: Hash,
        keys: AccountKeys,
        accounts: Mapping[Pubkey, Account | None],
    ) -> Simulation:
        balances, tokens = _lamports(accounts), self._token_balances(keys, accounts.get)
        return Simulation(
            err,
            blockhash,
            keys=keys,
            pre_balances=balances,
            post_balances=balances,
            pre_token_balances=tokens,
            post_token_balances=tokens,
        )

    def _refusal(
        self,
        transaction: VersionedTransaction,
        keys: AccountKeys | None,
        *,
        verify: bool,
        check_age: bool = True,
        height: int | None = None,
    ) -> str | None:
        """Returns the name of the TransactionError for which a cluster would not execute it.

        `height` is that of the block in which it would, by default the open one.
        """
        try:
            transaction.sanitize()
        except SanitizeError:
            return "SanitizeFailure"
        message = transaction.message
        locked = keys.all if keys else ()
        landed = self._ledger.slot_of(message.hash())
        slot = self._chain.slot if height is None else self._chain.slot_at(height)
        # In the order in which a validator checks them.
        checks: dict[str, Callable[[], bool]] = {
            "SignatureFailure": lambda: verify and not all(transaction.verify_with_results()),
            "AddressLookupTableNotFound": lambda: keys is None,
            "TooManyAccountLocks": lambda: len(locked) > MAX_ACCOUNT_LOCKS,
            "AccountLoadedTwice": lambda: len(set(locked)) != len(locked),
            "BlockhashNotFound": lambda: (
                check_age and not self._chain.is_valid(message.recent_blockhash, height)
            ),
            "AlreadyProcessed": lambda: landed is not None and landed <= slot,
        }
        return next((name for name, fails in checks.items() if fails()), None)

    def _dropped(self, transaction: VersionedTransaction, err: Json) -> TransactionRecord:
        return TransactionRecord(
            transaction=transaction,
            signature=transaction.signatures[0] if transaction.signatures else Signature.default(),
            slot=self._chain.slot,
            block_time=self._chain.time_of(self._chain.slot),
            landed=False,
            err=err,
        )

    def _rent_error(
        self,
        keys: AccountKeys,
        before: list[Account | None],
        after: Callable[[Pubkey], Account | None],
    ) -> Json:
        index = rent_violation(
            ((index, before[index], after(keys.all[index])) for index in sorted(keys.writable)),
            self._svm.get_rent(),
        )
        return None if index is None else {"InsufficientFundsForRent": {"account_index": index}}

    def _undo_rent_violation(self, keys: AccountKeys, before: list[Account | None]) -> Json:
        err = self._rent_error(keys, before, self._accounts.get)
        if err is None:
            return None
        after = [self._accounts.balance(key) for key in keys.all]
        fee = sum(account.lamports for account in before if account) - sum(after)
        for index in keys.writable:
            self._accounts.put(keys.all[index], before[index])
        payer = before[0]
        if payer is not None:
            charged = Account(
                payer.lamports - fee, payer.data, payer.owner, payer.executable, payer.rent_epoch
            )
            self._accounts.put(keys.static[0], charged)
        return err

    def _token_balances(
        self, keys: AccountKeys, read: Callable[[Pubkey], Account | None]
    ) -> tuple[TokenBalance, ...]:
        balances = []
        for index, key in enumerate(keys.all):
            token = read_token_account(read(key))
            # A transaction need not name the mint whose tokens it moves.
            mint = read_mint(read(token.mint) or self._accounts.get(token.mint)) if token else None
            if token and mint:
                balances.append(
                    TokenBalance(
                        account_index=index,
                        mint=token.mint,
                        owner=token.owner,
                        program=token.program,
                        amount=token.amount,
                        decimals=mint.decimals,
                    )
                )
        return tuple(balances)
