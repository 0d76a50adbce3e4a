"""The calls that clients make in ordinary work, each with parameters taken from a scene.

They are what web3.js, kit, solana-py, anchorpy and the spl-token tool ask, with every option that
these pass, and the mistakes that users make with them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from spl.token.constants import TOKEN_PROGRAM_ID

from .scene import Scene, encoded

CLOCK = "SysvarC1ock11111111111111111111111111111111"
RENT = "SysvarRent111111111111111111111111111111111"
SYSTEM = "11111111111111111111111111111111"
FAR = 2**40
"""A slot that no chain here reaches."""
CONFIRMED = {"commitment": "confirmed"}
UNKNOWN_SIGNATURE = "1" * 64
TOKEN_PROGRAM = str(TOKEN_PROGRAM_ID)


class Call(NamedTuple):
    """A call, told apart from others by its method and `name`."""

    method: str
    name: str
    params: Callable[[Scene], Sequence[Any]] | None = None

    @property
    def label(self) -> str:
        """Returns what identifies the call."""
        return f"{self.method}: {self.name}"


def _payer(scene: Scene) -> str:
    return str(scene.payer.pubkey())


def _mint(scene: Scene) -> str:
    return str(scene.mint.pubkey())


def _tokens(scene: Scene) -> str:
    return str(scene.tokens)


def _stranger(scene: Scene) -> str:
    return str(scene.stranger.pubkey())


def _of(*params: Any) -> Callable[[Scene], Sequence[Any]]:
    """Parameters of which those that are functions are taken from the scene."""
    return lambda scene: [one(scene) if callable(one) else one for one in params]


def _account(name: str, address: Any, *config: Any) -> Call:
    return Call("getAccountInfo", name, _of(address, *config))


def _filtered(**config: Any) -> Callable[[Scene], Sequence[Any]]:
    def params(scene: Scene) -> Sequence[Any]:
        filters = [{"dataSize": 165}, {"memcmp": {"offset": 0, "bytes": _mint(scene)}}]
        return [TOKEN_PROGRAM, {"filters": filters, **config}]

    return params


ACCOUNTS = (
    _account("default encoding", _payer),
    _account("base58", _payer, {"encoding": "base58"}),
    _account("base64", _tokens, {"encoding": "base64", **CONFIRMED}),
    _account("base64+zstd", _tokens, {"encoding": "base64+zstd"}),
    _account("slice", _tokens, {"encoding": "base64", "dataSlice": {"offset": 32, "length": 32}}),
    _account("parsed wallet", _payer, {"encoding": "jsonParsed"}),
    _account("parsed mint", _mint, {"encoding": "jsonParsed"}),
    _account("parsed token account", _tokens, {"encoding": "jsonParsed"}),
    _account("parsed clock", CLOCK, {"encoding": "jsonParsed"}),
    _account("parsed rent", RENT, {"encoding": "jsonParsed"}),
    _account("unknown", _stranger, {"encoding": "base64"}),
    _account("program", TOKEN_PROGRAM, {"encoding": "base64", "dataSlice": {"offset": 0, "length": 0}}),
    _account("no address", "not an address"),
    _account("address of the wrong size", "abc"),
    _account("context to come", _payer, {"encoding": "base64", "minContextSlot": FAR}),
    _account("unknown encoding", _payer, {"encoding": "base32"}),
    _account("unknown commitment", _payer, {"commitment": "certain"}),
    _account("too long for base58", _tokens, {"encoding": "base58"}),
    Call("getAccountInfo", "no parameters", _of()),
    Call("getAccountInfo", "too many parameters", _of(_payer, {}, {})),
    Call("getMultipleAccounts", "base64", lambda s: [[_payer(s), _stranger(s)], {"encoding": "base64"}]),
    Call("getMultipleAccounts", "parsed", lambda s: [[_mint(s), _tokens(s)], {"encoding": "jsonParsed"}]),
    Call("getMultipleAccounts", "too many keys", lambda s: [[_payer(s)] * 101]),
    Call("getMultipleAccounts", "no address", lambda s: [["not an address"]]),
    Call("getProgramAccounts", "base64", _filtered(encoding="base64")),
    Call("getProgramAccounts", "with context", _filtered(encoding="base64", withContext=True)),
    Call("getProgramAccounts", "parsed", _filtered(encoding="jsonParsed")),
    Call("getProgramAccounts", "too many filters", _of(TOKEN_PROGRAM, {"filters": [{"dataSize": 1}] * 5})),
    Call("getProgramAccounts", "none", _of(_stranger, {"encoding": "base64"})),
    Call("getBalance", "wallet", _of(_payer)),
    Call("getBalance", "unknown", _of(_stranger, CONFIRMED)),
    Call("getMinimumBalanceForRentExemption", "size", _of(165)),
    Call("getMinimumBalanceForRentExemption", "negative size", _of(-1)),
)  # fmt: skip

TOKENS = (
    Call("getTokenAccountBalance", "account", _of(_tokens)),
    Call("getTokenAccountBalance", "wallet", _of(_payer)),
    Call("getTokenAccountBalance", "unknown", _of(_stranger)),
    Call("getTokenAccountsByOwner", "of a mint, parsed", lambda s: [_payer(s), {"mint": _mint(s)}, {"encoding": "jsonParsed"}]),
    Call("getTokenAccountsByOwner", "of the program", _of(_payer, {"programId": TOKEN_PROGRAM}, {"encoding": "base64"})),
    Call("getTokenAccountsByOwner", "of a stranger", lambda s: [_stranger(s), {"mint": _mint(s)}, {"encoding": "base64"}]),
    Call("getTokenAccountsByOwner", "of an unknown mint", lambda s: [_payer(s), {"mint": _stranger(s)}]),
    Call("getTokenAccountsByOwner", "of another program", _of(_payer, {"programId": SYSTEM})),
    Call("getTokenAccountsByDelegate", "of a mint, parsed", lambda s: [str(s.other.pubkey()), {"mint": _mint(s)}, {"encoding": "jsonParsed"}]),
    Call("getTokenLargestAccounts", "mint", _of(_mint)),
    Call("getTokenLargestAccounts", "unknown", _of(_stranger)),
    Call("getTokenSupply", "mint", _of(_mint)),
    Call("getTokenSupply", "wallet", _of(_payer)),
)  # fmt: skip

CLUSTER = (
    *(
        Call(method, "plain")
        for method in (
            "getBlockHeight",
            "getBlockProduction",
            "getClusterNodes",
            "getEpochInfo",
            "getEpochSchedule",
            "getFirstAvailableBlock",
            "getGenesisHash",
            "getHealth",
            "getIdentity",
            "getInflationGovernor",
            "getInflationRate",
            "getLargestAccounts",
            "getLatestBlockhash",
            "getLeaderSchedule",
            "getMaxRetransmitSlot",
            "getMaxShredInsertSlot",
            "getRecentPrioritizationFees",
            "getSlot",
            "getSlotLeader",
            "getStakeMinimumDelegation",
            "getSupply",
            "getTransactionCount",
            "getVersion",
            "getVoteAccounts",
            "minimumLedgerSlot",
        )
    ),
    Call("getBlockCommitment", "recent slot", lambda s: [s.client.result("getSlot", CONFIRMED)]),
    Call("getBlockCommitment", "slot to come", _of(FAR)),
    Call("getEpochInfo", "confirmed", _of(CONFIRMED)),
    Call("getHighestSnapshotSlot", "plain"),
    Call("getInflationReward", "of a wallet", lambda s: [[_payer(s)], {"epoch": 0}]),
    Call("getInflationReward", "of an epoch to come", lambda s: [[_payer(s)], {"epoch": 10**6}]),
    Call("getLargestAccounts", "circulating", _of({"filter": "circulating"})),
    Call("getLeaderSchedule", "of an unknown slot", _of(FAR)),
    Call("getLeaderSchedule", "of an identity", lambda s: [None, {"identity": s.client.result("getIdentity")["identity"]}]),
    Call("getRecentPerformanceSamples", "too many", _of(721)),
    Call("getRecentPrioritizationFees", "of an account", lambda s: [[_payer(s)]]),
    Call("getSlotLeaders", "two", lambda s: [s.client.result("getSlot"), 2]),
    Call("getSlotLeaders", "too many", lambda s: [s.client.result("getSlot"), 5001]),
    Call("getSupply", "without the list", _of({"excludeNonCirculatingAccountsList": True})),
    Call("isBlockhashValid", "latest", lambda s: [str(s.blockhash())]),
    Call("isBlockhashValid", "unknown", _of(SYSTEM, CONFIRMED)),
    Call("isBlockhashValid", "no hash", _of("not a hash")),
    Call("getUnknownThing", "no such method"),
    Call("getSlot", "parameters by name", lambda s: {"commitment": "confirmed"}),
)  # fmt: skip


def _transaction(name: str, of: str, **config: Any) -> Call:
    return Call("getTransaction", name, lambda scene: [scene.signatures[of], config])


def _block(name: str, **config: Any) -> Call:
    return Call(
        "getBlock",
        name,
        lambda scene: [scene.slot_of("tokens"), {"maxSupportedTransactionVersion": 0, **config}],
    )


HISTORY = (
    _transaction("json", "tokens", encoding="json"),
    _transaction("parsed", "tokens", encoding="jsonParsed", maxSupportedTransactionVersion=0),
    _transaction("parsed, a new mint", "mint", encoding="jsonParsed", **CONFIRMED),
    _transaction("base64", "tokens", encoding="base64"),
    _transaction("base58", "tokens", encoding="base58"),
    _transaction("failed", "failed", encoding="json", maxSupportedTransactionVersion=0),
    _transaction("versioned", "versioned", encoding="json", maxSupportedTransactionVersion=0),
    _transaction("unsupported version", "versioned", encoding="json"),
    _transaction("processed", "tokens", commitment="processed"),
    Call("getTransaction", "unknown", _of(UNKNOWN_SIGNATURE)),
    Call("getTransaction", "no signature", _of("not a signature")),
    _block("json", rewards=False),
    _block("parsed", encoding="jsonParsed", rewards=False),
    _block("accounts", transactionDetails="accounts", rewards=False),
    _block("signatures", transactionDetails="signatures", rewards=False),
    _block("with rewards", transactionDetails="none"),
    _block("none", transactionDetails="none", rewards=False),
    _block("base64", encoding="base64", rewards=False),
    Call("getBlock", "to come", _of(FAR)),
    Call("getBlocks", "range", lambda s: [s.slot_of("mint"), s.slot_of("tokens")]),
    Call("getBlocks", "backwards", lambda s: [s.slot_of("tokens"), s.slot_of("mint")]),
    Call("getBlocks", "range too large", _of(0, 500_001)),
    Call("getBlocksWithLimit", "limit", lambda s: [s.slot_of("mint"), 3]),
    Call("getBlocksWithLimit", "limit too large", _of(0, 500_001)),
    Call("getBlockTime", "slot", lambda s: [s.slot_of("tokens")]),
    Call("getBlockTime", "to come", _of(FAR)),
    Call("getSignaturesForAddress", "all", _of(_payer)),
    Call("getSignaturesForAddress", "before and until", lambda s: [_payer(s), {"limit": 5, "before": s.signatures["failed"], "until": s.signatures["mint"]}]),
    Call("getSignaturesForAddress", "limit too large", _of(_payer, {"limit": 1001})),
    Call("getSignatureStatuses", "known and unknown", lambda s: [[s.signatures["tokens"], UNKNOWN_SIGNATURE]]),
    Call("getSignatureStatuses", "failed, with history", lambda s: [[s.signatures["failed"]], {"searchTransactionHistory": True}]),
    Call("getSignatureStatuses", "too many", _of([UNKNOWN_SIGNATURE] * 257)),
)  # fmt: skip

BASE64 = {"encoding": "base64"}


def _sends(method: str, name: str, lamports: int, **config: Any) -> Call:
    def params(scene: Scene) -> Sequence[Any]:
        return [encoded(scene.signed([scene.transfer(lamports)])), {**BASE64, **config}]

    return Call(method, name, params)


def _forged(scene: Scene) -> Sequence[Any]:
    transaction = scene.signed([scene.transfer(31)])
    other = scene.signed([scene.transfer(32)])
    transaction.signatures = other.signatures
    return [encoded(transaction), BASE64]


def _watched(scene: Scene) -> Sequence[Any]:
    wanted = {"encoding": "base64", "addresses": [_payer(scene)]}
    return [encoded(scene.signed([scene.transfer(41)])), {**BASE64, "accounts": wanted}]


def _message(scene: Scene) -> Sequence[Any]:
    from base64 import b64encode

    return [b64encode(bytes(scene.signed([scene.transfer(1)]).message)).decode()]


def _recent(scene: Scene, **config: Any) -> Sequence[Any]:
    """A transaction whose blockhash is not final yet."""
    transaction = scene.signed([scene.transfer(51)], blockhash=scene.blockhash("processed"))
    return [encoded(transaction), {**BASE64, **config}]


SUBMISSION = (
    _sends("sendTransaction", "with preflight", 11),
    _sends("sendTransaction", "without preflight", 12, skipPreflight=True, maxRetries=0),
    _sends("sendTransaction", "more than there is", 10**18),
    Call("sendTransaction", "resent", lambda s: [encoded(s.sent["tokens"]), {**BASE64, "skipPreflight": True}]),
    Call("sendTransaction", "resent with preflight", lambda s: [encoded(s.sent["versioned"]), BASE64]),
    Call("sendTransaction", "processed blockhash, default preflight", _recent),
    Call("sendTransaction", "processed blockhash, processed preflight", lambda s: _recent(s, preflightCommitment="processed")),
    Call("sendTransaction", "forged", _forged),
    Call("sendTransaction", "no base64", _of("?", BASE64)),
    Call("sendTransaction", "no transaction", _of("AAAA", BASE64)),
    Call("sendTransaction", "payer without funds", lambda s: [encoded(s.signed([s.transfer(1, signer=s.stranger)], s.stranger)), BASE64]),
    _sends("simulateTransaction", "plain", 21),
    _sends("simulateTransaction", "signatures verified", 22, sigVerify=True),
    _sends("simulateTransaction", "blockhash replaced", 23, replaceRecentBlockhash=True),
    _sends("simulateTransaction", "with inner instructions", 24, innerInstructions=True),
    _sends("simulateTransaction", "more than there is", 10**18),
    _sends("simulateTransaction", "verified and replaced", 25, sigVerify=True, replaceRecentBlockhash=True),
    Call("simulateTransaction", "with accounts", _watched),
    Call("simulateTransaction", "payer without funds", lambda s: [encoded(s.signed([s.transfer(1, signer=s.stranger)], s.stranger)), BASE64]),
    Call("simulateTransaction", "processed blockhash", lambda s: _recent(s)),
    Call("getFeeForMessage", "message", _message),
    Call("getFeeForMessage", "no message", _of("AAAA")),
    Call("requestAirdrop", "wallet", _of(_payer, 1)),
    Call("requestAirdrop", "no address", _of("not an address", 1)),
)  # fmt: skip


def _landed(scene: Scene) -> Sequence[Any]:
    signature = scene.send(scene.signed([scene.transfer(61)]))
    scene.reach("confirmed", signature)
    return [signature, CONFIRMED]


def _announced(scene: Scene) -> Sequence[Any]:
    """A transaction that is sent once somebody has subscribed to it."""
    scene.sent["announced"] = scene.signed([scene.transfer(62)])
    return [str(scene.sent["announced"].signatures[0]), {"commitment": "processed"}]


PROCESSED = {"commitment": "processed"}
NOTIFICATIONS = (
    Call("accountSubscribe", "base64", _of(_payer, {"encoding": "base64", **PROCESSED})),
    Call("accountSubscribe", "base64+zstd", _of(_payer, {"encoding": "base64+zstd", **CONFIRMED})),
    Call("logsSubscribe", "mentions", lambda s: [{"mentions": [_payer(s)]}, PROCESSED]),
    Call("programSubscribe", "base64", _of(SYSTEM, {"encoding": "base64", **PROCESSED})),
    Call("rootSubscribe", "plain", _of()),
    Call("signatureSubscribe", "landed", _landed),
    Call("signatureSubscribe", "to land", _announced),
    Call("slotSubscribe", "plain", _of()),
    Call("slotsUpdatesSubscribe", "every kind", _of()),
)
"""Subscriptions, of which the first notification is compared."""

SLOT_UPDATES = frozenset({"completed", "createdBank", "frozen", "optimisticConfirmation", "root"})
"""The kinds of slot update that a leader sends."""

SUBSCRIPTIONS = (
    Call("accountSubscribe", "no address", _of("not an address")),
    Call("accountUnsubscribe", "unknown", _of(10**9)),
    Call("blockSubscribe", "plain", _of("all")),
    Call("logsSubscribe", "two mentions", lambda s: [{"mentions": [_payer(s)] * 2}]),
    Call("signatureSubscribe", "no signature", _of("not a signature")),
    Call("voteSubscribe", "plain", _of()),
)

# Submissions come first: what they send again must not have expired.
QUESTIONS = (*SUBMISSION, *ACCOUNTS, *TOKENS, *CLUSTER, *HISTORY)
CALLS = (*QUESTIONS, *SUBSCRIPTIONS, *NOTIFICATIONS)
