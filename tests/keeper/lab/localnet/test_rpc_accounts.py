import base64
from typing import Any

import based58
import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from keeper.lab.localnet import Bank

from .conftest import SOL, Call, keypair

PROGRAM = keypair(8).pubkey()


def numbered(number: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([number]) * 32)


@pytest.fixture
def accounts(bank: Bank) -> dict[str, bytes]:
    """Three accounts of one program, data by address."""
    datas = {1: b"aaaa-one", 2: b"aaaa-twoo", 3: b"bbbb-one"}
    for number, data in datas.items():
        bank.set_account(numbered(number), Account(SOL, data, PROGRAM))
    bank.set_account(numbered(4), Account(SOL, b"aaaa-one", numbered(99)))
    return {str(numbered(number)): data for number, data in datas.items()}


def test_account_info(call: Call, accounts: dict[str, bytes]) -> None:
    assert call("getAccountInfo", str(numbered(1)), {"encoding": "base64"}) == {
        "context": {"apiVersion": "2.2.0", "slot": 1},
        "value": {
            "data": [base64.b64encode(b"aaaa-one").decode(), "base64"],
            "executable": False,
            "lamports": SOL,
            "owner": str(PROGRAM),
            "rentEpoch": 0,
            "space": 8,
        },
    }
    assert call("getAccountInfo", str(numbered(50)))["value"] is None


def test_encodings_and_slices(call: Call, accounts: dict[str, bytes]) -> None:
    def data(**config: Any) -> Any:
        return call("getAccountInfo", str(numbered(1)), config)["value"]["data"]

    text = based58.b58encode(b"aaaa-one").decode()
    assert data() == text
    assert data(encoding="base58") == [text, "base58"]
    assert data(encoding="jsonParsed") == [base64.b64encode(b"aaaa-one").decode(), "base64"]
    sliced = data(encoding="base64", dataSlice={"offset": 5, "length": 2})
    assert base64.b64decode(sliced[0]) == b"on"
    assert data(encoding="base64", dataSlice={"offset": 50, "length": 2}) == ["", "base64"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"encoding": "base32"},
            "Invalid params: unknown variant `base32`, expected one of `binary`, `base58`,"
            " `base64`, `jsonParsed`, `base64+zstd`.",
        ),
        (
            {"dataSlice": {"offset": -1, "length": 2}},
            "Invalid params: invalid value: integer `-1`, expected usize.",
        ),
        (
            {"dataSlice": {"offset": 1}},
            "Invalid params: missing field `length`.",
        ),
        ({"dataSlice": 3}, "Invalid params: invalid type: integer `3`, expected a map."),
    ],
)
def test_wrong_views(refused: Any, config: dict[str, Any], message: str) -> None:
    failure = refused("getAccountInfo", str(numbered(1)), config)
    assert (failure.code, failure.message) == (-32602, message)


def test_base58_is_refused_for_more_than_128_bytes(bank: Bank, call: Call, refused: Any) -> None:
    bank.set_account(numbered(1), Account(SOL, bytes(128), PROGRAM))
    call("getAccountInfo", str(numbered(1)))
    bank.set_account(numbered(1), Account(SOL, bytes(129), PROGRAM))
    failure = refused("getAccountInfo", str(numbered(1)))
    assert failure.code == -32600
    assert "please use Base64 encoding" in failure.message


def test_multiple_accounts_keep_their_order(call: Call, accounts: dict[str, bytes]) -> None:
    keys = [str(numbered(number)) for number in (3, 50, 1)]
    value = call("getMultipleAccounts", keys, {"encoding": "base64"})["value"]
    assert [one and base64.b64decode(one["data"][0]) for one in value] == [
        b"bbbb-one",
        None,
        b"aaaa-one",
    ]


def test_at_most_100_accounts_at_once(refused: Any) -> None:
    failure = refused("getMultipleAccounts", [str(numbered(1))] * 101)
    assert (failure.code, failure.message) == (-32602, "Too many inputs provided; max 100")


def test_balance_and_rent(bank: Bank, call: Call, accounts: dict[str, bytes]) -> None:
    assert call("getBalance", str(numbered(1)))["value"] == SOL
    assert call("getBalance", str(numbered(50)))["value"] == 0
    assert call("getMinimumBalanceForRentExemption", 0) == 890_880
    assert call("getMinimumBalanceForRentExemption", 165) == 2_039_280


def test_program_accounts(call: Call, accounts: dict[str, bytes]) -> None:
    found = call("getProgramAccounts", str(PROGRAM), {"encoding": "base64"})
    assert {one["pubkey"]: base64.b64decode(one["account"]["data"][0]) for one in found} == accounts
    assert [one["pubkey"] for one in found] == [str(numbered(number)) for number in (1, 2, 3)]
    with_context = call(
        "getProgramAccounts", str(PROGRAM), {"encoding": "base64", "withContext": True}
    )
    assert with_context["value"] == found
    assert with_context["context"]["slot"] == 1
    assert call("getProgramAccounts", str(numbered(77))) == []


def memcmp(offset: int, data: bytes) -> dict[str, Any]:
    return {"memcmp": {"offset": offset, "bytes": based58.b58encode(data).decode()}}


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ([], [1, 2, 3]),
        ([{"dataSize": 8}], [1, 3]),
        ([memcmp(0, b"aaaa")], [1, 2]),
        ([memcmp(5, b"one")], [1, 3]),
        ([memcmp(0, b"aaaa"), {"dataSize": 8}], [1]),
        ([memcmp(0, b"bbbb"), {"dataSize": 9}], []),
        ([memcmp(7, b"oo")], [2]),
        ([memcmp(100, b"a")], []),
        ([{"memcmp": {"offset": 0, "bytes": "YWFhYQ==", "encoding": "base64"}}], [1, 2]),
        ([{"memcmp": {"offset": 0, "bytes": [98, 98]}}], [3]),
        (["tokenAccountState"], []),
    ],
)
def test_program_account_filters(
    call: Call, accounts: dict[str, bytes], filters: list[Any], numbers: list[int]
) -> None:
    found = call("getProgramAccounts", str(PROGRAM), {"filters": filters})
    assert [one["pubkey"] for one in found] == [str(numbered(number)) for number in numbers]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ([{"dataSize": 8}] * 5, "Too many filters provided; max 4"),
        ("dataSize", 'Invalid params: invalid type: string "dataSize", expected a sequence.'),
        ([{}], "Invalid params: invalid value: map, expected map with a single key."),
        (
            [{"size": 1}],
            "Invalid params: unknown variant `size`, expected one of `dataSize`, `memcmp`,"
            " `tokenAccountState`.",
        ),
        (
            [{"memcmp": {"offset": 0, "bytes": "0OIl"}}],
            "Invalid param: Base58DecodeError(InvalidCharacter { character: '0', index: 0 })",
        ),
        (
            [{"memcmp": {"offset": 0, "bytes": "?", "encoding": "base64"}}],
            "Invalid param: Base64DecodeError(InvalidByte(0, 63))",
        ),
        (
            [{"memcmp": {"offset": 0, "bytes": [0] * 129}}],
            "Invalid param: DataTooLarge",
        ),
        (
            [{"memcmp": {"offset": 0, "bytes": [256]}}],
            "Invalid params: invalid value: integer `256`, expected u8.",
        ),
        (
            [{"memcmp": {"bytes": "abc"}}],
            "Invalid params: missing field `offset`.",
        ),
    ],
)
def test_wrong_filters(
    refused: Any, accounts: dict[str, bytes], filters: Any, message: str
) -> None:
    failure = refused("getProgramAccounts", str(PROGRAM), {"filters": filters})
    assert (failure.code, failure.message) == (-32602, message)
