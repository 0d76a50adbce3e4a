"""Accounts and tokens."""

from .call import (
    BASE64,
    CONFIRMED,
    FAR,
    NO_ADDRESS,
    PARSED,
    SYSTEM,
    TOKEN_PROGRAM,
    Call,
    mint,
    other,
    payer,
    stranger,
    tokens,
)

_CLOCK = "SysvarC1ock11111111111111111111111111111111"
_RENT = "SysvarRent111111111111111111111111111111111"
_OF_MINT = [{"dataSize": 165}, {"memcmp": {"offset": 0, "bytes": mint}}]
_NO_DATA = {"dataSlice": {"offset": 0, "length": 0}}

_INFO = "getAccountInfo"
_MANY = "getMultipleAccounts"
_PROGRAM = "getProgramAccounts"
_OWNED = "getTokenAccountsByOwner"

ACCOUNTS = (
    Call(_INFO, "default encoding", payer),
    Call(_INFO, "base58", payer, {"encoding": "base58"}),
    Call(_INFO, "base64", tokens, {**BASE64, **CONFIRMED}),
    Call(_INFO, "base64+zstd", tokens, {"encoding": "base64+zstd"}),
    Call(_INFO, "slice", tokens, {**BASE64, "dataSlice": {"offset": 32, "length": 32}}),
    Call(_INFO, "parsed wallet", payer, PARSED),
    Call(_INFO, "parsed mint", mint, PARSED),
    Call(_INFO, "parsed token account", tokens, PARSED),
    Call(_INFO, "parsed clock", _CLOCK, PARSED),
    Call(_INFO, "parsed rent", _RENT, PARSED),
    Call(_INFO, "unknown", stranger, BASE64),
    Call(_INFO, "program", TOKEN_PROGRAM, {**BASE64, **_NO_DATA}),
    Call(_INFO, "no address", NO_ADDRESS),
    Call(_INFO, "address of the wrong size", "abc"),
    Call(_INFO, "address is a number", 5),
    Call(_INFO, "context to come", payer, {**BASE64, "minContextSlot": FAR}),
    Call(_INFO, "unknown encoding", payer, {"encoding": "base32"}),
    Call(_INFO, "unknown commitment", payer, {"commitment": "certain"}),
    Call(_INFO, "slice without length", payer, {"dataSlice": {"offset": 1}}),
    Call(_INFO, "too long for base58", tokens, {"encoding": "base58"}),
    Call(_INFO, "no parameters"),
    Call(_INFO, "too many parameters", payer, {}, {}),
    Call(_MANY, "base64", [payer, stranger], BASE64),
    Call(_MANY, "parsed", [mint, tokens], PARSED),
    Call(_MANY, "too many keys", [payer] * 101),
    Call(_MANY, "no list", payer),
    Call(_MANY, "no address", [NO_ADDRESS]),
    Call(_PROGRAM, "base64", TOKEN_PROGRAM, {**BASE64, "filters": _OF_MINT}),
    Call(
        _PROGRAM,
        "with context",
        TOKEN_PROGRAM,
        {**BASE64, "filters": _OF_MINT, "withContext": True},
    ),
    Call(_PROGRAM, "keys alone", TOKEN_PROGRAM, {**BASE64, **_NO_DATA, "filters": _OF_MINT}),
    Call(_PROGRAM, "parsed", TOKEN_PROGRAM, {**PARSED, "filters": _OF_MINT}),
    Call(_PROGRAM, "too many filters", TOKEN_PROGRAM, {"filters": [{"dataSize": 1}] * 5}),
    Call(_PROGRAM, "unknown filter", TOKEN_PROGRAM, {"filters": [{"size": 1}]}),
    Call(_PROGRAM, "none", stranger, BASE64),
    Call("getBalance", "wallet", payer),
    Call("getBalance", "unknown", stranger, CONFIRMED),
    Call("getMinimumBalanceForRentExemption", "size", 165),
    Call("getMinimumBalanceForRentExemption", "negative size", -1),
)

TOKENS = (
    Call("getTokenAccountBalance", "account", tokens),
    Call("getTokenAccountBalance", "wallet", payer),
    Call("getTokenAccountBalance", "unknown", stranger),
    Call(_OWNED, "of a mint, parsed", payer, {"mint": mint}, PARSED),
    Call(_OWNED, "of the program", payer, {"programId": TOKEN_PROGRAM}, BASE64),
    Call(_OWNED, "of a stranger", stranger, {"mint": mint}, BASE64),
    Call(_OWNED, "of an unknown mint", payer, {"mint": stranger}),
    Call(_OWNED, "of another program", payer, {"programId": SYSTEM}),
    Call(_OWNED, "of nothing", payer, {}),
    Call("getTokenAccountsByDelegate", "of a mint, parsed", other, {"mint": mint}, PARSED),
    Call("getTokenLargestAccounts", "mint", mint),
    Call("getTokenLargestAccounts", "unknown", stranger),
    Call("getTokenLargestAccounts", "wallet", payer),
    Call("getTokenSupply", "mint", mint),
    Call("getTokenSupply", "wallet", payer),
)
