"""What can be subscribed to: each topic turns an event into the notifications it owes."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from solders.pubkey import Pubkey
from solders.signature import Signature

from ..events import AccountsChanged, Event, SlotOpened, TransactionLanded
from ..ledger import Json, TransactionRecord
from ..rpc.encoding import AccountView
from ..rpc.errors import RpcError, invalid_params
from ..rpc.filters import AccountFilter, read_filters
from ..rpc.node import Commitment, Node
from ..rpc.params import Params, as_list, as_pubkey

# Agave's RpcAccountInfoConfig of a closed account: what subscribers see once it is gone.
_CLOSED: dict[str, Json] = {
    "executable": False,
    "lamports": 0,
    "owner": "11111111111111111111111111111111",
    "rentEpoch": 0,
    "space": 0,
}


@dataclass(frozen=True, slots=True)
class TransactionReceived:
    """A transaction has come, and lands in `slot`."""

    signature: Signature
    slot: int


News: TypeAlias = Event | TransactionReceived
"""What topics make notifications of."""


def _pubkey(params: Params) -> Pubkey:
    try:
        return params.pubkey(0)
    except RpcError as error:
        raise invalid_params("Invalid Request: Invalid pubkey provided") from error


def _at(slot: int, value: Json) -> dict[str, Json]:
    return {"context": {"slot": slot}, "value": value}


@dataclass(frozen=True, slots=True)
class AccountTopic:
    """One account, whenever a transaction writes it."""

    method = "accountNotification"
    pubkey: Pubkey
    view: AccountView
    commitment: Commitment

    @classmethod
    def of(cls, node: Node, params: Params) -> "AccountTopic":
        """Returns the topic for the parameters of `accountSubscribe`."""
        config = params.config(1)
        return cls(_pubkey(params), AccountView.of(config), config.commitment())

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`."""
        if not isinstance(event, AccountsChanged):
            return
        for key, account in event.accounts:
            if key == self.pubkey:
                value = self.view.encode(key, account, node.bank.account)
                if value is None:
                    value = {**_CLOSED, "data": self.view.encode_data(b"")}
                yield _at(event.slot, value)


@dataclass(frozen=True, slots=True)
class ProgramTopic:
    """Accounts of one program that pass its filters."""

    method = "programNotification"
    program_id: Pubkey
    view: AccountView
    filters: tuple[AccountFilter, ...]
    commitment: Commitment

    @classmethod
    def of(cls, node: Node, params: Params) -> "ProgramTopic":
        """Returns the topic for the parameters of `programSubscribe`."""
        config = params.config(1)
        return cls(
            _pubkey(params), AccountView.of(config), read_filters(config), config.commitment()
        )

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`; a closed account belongs to no program any more."""
        if not isinstance(event, AccountsChanged):
            return
        for key, account in event.accounts:
            if (
                account is not None
                and account.owner == self.program_id
                and all(passes(account) for passes in self.filters)
            ):
                value = self.view.encode(key, account, node.bank.account)
                yield _at(event.slot, {"pubkey": str(key), "account": value})


@dataclass(frozen=True, slots=True)
class LogsTopic:
    """Logs of transactions that name `mention`, or of all."""

    method = "logsNotification"
    mention: Pubkey | None
    commitment: Commitment

    @classmethod
    def of(cls, node: Node, params: Params) -> "LogsTopic":
        """Returns the topic for the parameters of `logsSubscribe`."""
        chosen = params.get(0)
        if chosen in ("all", "allWithVotes"):
            mention = None
        elif isinstance(chosen, Mapping) and set(chosen) == {"mentions"}:
            mentions = as_list(chosen["mentions"], 64)
            if len(mentions) != 1:
                raise invalid_params("Invalid Request: Only 1 address supported")
            mention = as_pubkey(mentions[0])
        else:
            raise invalid_params("Invalid params: use all, allWithVotes or mentions")
        return cls(mention, params.config(1).commitment())

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`."""
        if isinstance(event, TransactionLanded):
            record = event.record
            if self.mention is None or self.mention in record.keys.all:
                yield _at(
                    record.slot,
                    {
                        "signature": str(record.signature),
                        "err": record.err,
                        "logs": record.logs,
                    },
                )


@dataclass(frozen=True, slots=True)
class SignatureTopic:
    """One transaction: when it has reached the commitment, and if asked for when it comes."""

    method = "signatureNotification"
    signature: Signature
    commitment: Commitment
    received: bool

    @classmethod
    def of(cls, node: Node, params: Params) -> "SignatureTopic":
        """Returns the topic for the parameters of `signatureSubscribe`."""
        try:
            signature = params.signature(0)
        except RpcError as error:
            raise invalid_params("Invalid Request: Invalid signature provided") from error
        config = params.config(1)
        return cls(signature, config.commitment(), config.flag("enableReceivedNotification"))

    def landed(self, node: Node) -> TransactionRecord | None:
        """Returns the transaction, if it has reached the commitment already."""
        record = node.bank.record(self.signature)
        return record if record is not None and node.shows(record, self.commitment) else None

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`."""
        if isinstance(event, TransactionReceived):
            if self.received and event.signature == self.signature:
                yield _at(event.slot, "receivedSignature")
        elif isinstance(event, TransactionLanded) and event.record.signature == self.signature:
            yield _at(event.record.slot, {"err": event.record.err})


@dataclass(frozen=True, slots=True)
class SlotTopic:
    """Every slot as it opens."""

    method = "slotNotification"
    commitment: Commitment = "processed"

    @classmethod
    def of(cls, node: Node, params: Params) -> "SlotTopic":
        """Returns the topic for the parameters of `slotSubscribe`, of which there are none."""
        return cls()

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`."""
        if isinstance(event, SlotOpened):
            root = node.slot_at("finalized")
            yield {"slot": event.slot, "parent": event.parent, "root": root}


@dataclass(frozen=True, slots=True)
class RootTopic:
    """Every slot as it is finalized."""

    method = "rootNotification"
    commitment: Commitment = "processed"

    @classmethod
    def of(cls, node: Node, params: Params) -> "RootTopic":
        """Returns the topic for the parameters of `rootSubscribe`, of which there are none."""
        return cls()

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`."""
        if isinstance(event, SlotOpened) and node.bank.block_height >= node.finality_lag:
            yield node.slot_at("finalized")


@dataclass(frozen=True, slots=True)
class SlotsUpdatesTopic:
    """What a leader does with every slot, step by step."""

    method = "slotsUpdatesNotification"
    commitment: Commitment = "processed"

    @classmethod
    def of(cls, node: Node, params: Params) -> "SlotsUpdatesTopic":
        """Returns the topic for the parameters of `slotsUpdatesSubscribe`: there are none."""
        return cls()

    def notifications(self, node: Node, event: News) -> Iterator[Json]:
        """Returns the results owed for `event`: what closed, what opened, what that settled."""
        if not isinstance(event, SlotOpened):
            return
        timestamp = int(time.time() * 1000)
        yield {"type": "completed", "slot": event.parent, "timestamp": timestamp}
        yield {
            "type": "frozen",
            "slot": event.parent,
            "timestamp": timestamp,
            "stats": _block_stats(node, event.parent),
        }
        yield {
            "type": "createdBank",
            "slot": event.slot,
            "parent": event.parent,
            "timestamp": timestamp,
        }
        settled: tuple[tuple[str, Commitment], ...] = (
            ("optimisticConfirmation", "confirmed"),
            ("root", "finalized"),
        )
        for kind, commitment in settled:
            if node.bank.block_height >= node.lag_of(commitment):
                yield {"type": kind, "slot": node.slot_at(commitment), "timestamp": timestamp}


def _block_stats(node: Node, slot: int) -> Json:
    """Counts of a closed block; every transaction is an entry of its own."""
    block = node.bank.block(slot)
    records = [node.bank.record(one) for one in block.signatures] if block else []
    failed = sum(record is not None and record.err is not None for record in records)
    return {
        "numTransactionEntries": len(records),
        "numSuccessfulTransactions": len(records) - failed,
        "numFailedTransactions": failed,
        "maxTransactionsPerEntry": min(1, len(records)),
    }


Topic: TypeAlias = (
    AccountTopic
    | ProgramTopic
    | LogsTopic
    | SignatureTopic
    | SlotTopic
    | SlotsUpdatesTopic
    | RootTopic
)

TOPICS: dict[str, tuple[type[Topic], int, int]] = {
    "accountSubscribe": (AccountTopic, 1, 1),
    "logsSubscribe": (LogsTopic, 1, 1),
    "programSubscribe": (ProgramTopic, 1, 1),
    "rootSubscribe": (RootTopic, 0, 0),
    "signatureSubscribe": (SignatureTopic, 1, 1),
    "slotSubscribe": (SlotTopic, 0, 0),
    "slotsUpdatesSubscribe": (SlotsUpdatesTopic, 0, 0),
}
"""Subscribing methods, with the numbers of parameters they require and take beyond those."""
