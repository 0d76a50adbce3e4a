"""Transactions sent, simulated and priced."""

from .call import (
    BASE64,
    NO_ADDRESS,
    Call,
    forged,
    message,
    payer,
    sent,
    transfer_of,
    unfunded,
)

_TOO_MUCH = 10**18
_SEND = "sendTransaction"
_SIMULATE = "simulateTransaction"
_SKIPPED = {**BASE64, "skipPreflight": True}
_RECENT = "processed blockhash"

SUBMISSION = (
    Call(_SEND, "with preflight", transfer_of(11), BASE64),
    Call(_SEND, "without preflight", transfer_of(12), {**_SKIPPED, "maxRetries": 0}),
    Call(_SEND, "more than there is", transfer_of(_TOO_MUCH), BASE64),
    Call(_SEND, "again, without preflight", sent("tokens"), _SKIPPED),
    Call(_SEND, "again, once final", sent("versioned"), BASE64),
    Call(_SEND, f"{_RECENT}, default preflight", transfer_of(13, commitment="processed"), BASE64),
    Call(
        _SEND,
        f"{_RECENT}, processed preflight",
        transfer_of(14, commitment="processed"),
        {**BASE64, "preflightCommitment": "processed"},
    ),
    Call(_SEND, "forged", forged, BASE64),
    Call(_SEND, "no base64", "?", BASE64),
    Call(_SEND, "no base58", "0"),
    Call(_SEND, "unknown encoding", "AAAA", {"encoding": "base32"}),
    Call(_SEND, "too large", "A" * 2000, BASE64),
    Call(_SEND, "no transaction", "AAAA", BASE64),
    Call(_SEND, "payer without funds", unfunded, BASE64),
    Call(_SIMULATE, "plain", transfer_of(21), BASE64),
    Call(_SIMULATE, "signatures verified", transfer_of(22), {**BASE64, "sigVerify": True}),
    Call(
        _SIMULATE,
        "blockhash replaced",
        transfer_of(23),
        {**BASE64, "replaceRecentBlockhash": True},
    ),
    Call(_SIMULATE, "inner instructions", transfer_of(24), {**BASE64, "innerInstructions": True}),
    Call(_SIMULATE, "more than there is", transfer_of(_TOO_MUCH), BASE64),
    Call(
        _SIMULATE,
        "verified and replaced",
        transfer_of(25),
        {**BASE64, "sigVerify": True, "replaceRecentBlockhash": True},
    ),
    Call(
        _SIMULATE,
        "with accounts",
        transfer_of(26),
        {**BASE64, "accounts": {"encoding": "base64", "addresses": [payer]}},
    ),
    Call(_SIMULATE, "forged, verified", forged, {**BASE64, "sigVerify": True}),
    Call(_SIMULATE, "forged", forged, BASE64),
    Call(_SIMULATE, "payer without funds", unfunded, BASE64),
    Call(_SIMULATE, _RECENT, transfer_of(27, commitment="processed"), BASE64),
    Call("getFeeForMessage", "message", message),
    Call("getFeeForMessage", "no message", "AAAA"),
    Call("requestAirdrop", "wallet", payer, 1),
    Call("requestAirdrop", "no address", NO_ADDRESS, 1),
    Call("requestAirdrop", "negative", payer, -1),
)
