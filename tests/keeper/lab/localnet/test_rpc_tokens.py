from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID

from keeper.lab.localnet import Bank, TokenMint
from keeper.lab.localnet.rpc import Node, call_method
from keeper.lab.localnet.rpc.errors import RpcError

from .conftest import SOL, Call, keypair

OWNER = keypair(9).pubkey()
OTHER = keypair(10).pubkey()


@pytest.fixture
def account(bank: Bank, mint: TokenMint) -> Pubkey:
    """OWNER's 2.5 tokens; OTHER has 7."""
    assert mint.mint_to(bank, OTHER, 7_000_000_000).ok
    assert mint.mint_to(bank, OWNER, 2_500_000_000).ok
    return mint.token_account(OWNER)


def test_balance_and_supply(call: Call, mint: TokenMint, account: Pubkey) -> None:
    assert call("getTokenAccountBalance", str(account))["value"] == {
        "amount": "2500000000",
        "decimals": 9,
        "uiAmount": 2.5,
        "uiAmountString": "2.5",
    }
    assert call("getTokenSupply", str(mint.address))["value"]["amount"] == "9500000000"


def test_largest_accounts_come_first(call: Call, mint: TokenMint, account: Pubkey) -> None:
    largest = call("getTokenLargestAccounts", str(mint.address))["value"]
    assert [(one["address"], one["amount"]) for one in largest] == [
        (str(mint.token_account(OTHER)), "7000000000"),
        (str(account), "2500000000"),
    ]


def test_accounts_by_owner(call: Call, mint: TokenMint, account: Pubkey) -> None:
    for choice in ({"mint": str(mint.address)}, {"programId": str(TOKEN_PROGRAM_ID)}):
        found = call("getTokenAccountsByOwner", str(OWNER), choice, {"encoding": "base64"})
        assert [one["pubkey"] for one in found["value"]] == [str(account)]
    other = {"programId": str(TOKEN_2022_PROGRAM_ID)}
    assert call("getTokenAccountsByOwner", str(OWNER), other)["value"] == []
    assert call("getTokenAccountsByDelegate", str(OWNER), choice)["value"] == []


def test_token_account_and_mint_are_parsed(call: Call, mint: TokenMint, account: Pubkey) -> None:
    parsed = call("getAccountInfo", str(account), {"encoding": "jsonParsed"})["value"]["data"]
    assert parsed == {
        "program": "spl-token",
        "parsed": {
            "type": "account",
            "info": {
                "isNative": False,
                "mint": str(mint.address),
                "owner": str(OWNER),
                "state": "initialized",
                "tokenAmount": {
                    "amount": "2500000000",
                    "decimals": 9,
                    "uiAmount": 2.5,
                    "uiAmountString": "2.5",
                },
            },
        },
        "space": 165,
    }
    parsed = call("getAccountInfo", str(mint.address), {"encoding": "jsonParsed"})["value"]["data"]
    assert parsed["parsed"] == {
        "type": "mint",
        "info": {
            "decimals": 9,
            "freezeAuthority": None,
            "isInitialized": True,
            "mintAuthority": str(keypair(3).pubkey()),
            "supply": "9500000000",
        },
    }


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("getTokenAccountBalance", [str(OTHER)], "Invalid param: could not find account"),
        ("getTokenSupply", [str(OTHER)], "Invalid param: could not find account"),
        ("getTokenLargestAccounts", [str(OTHER)], "Invalid param: could not find mint"),
        (
            "getTokenAccountsByOwner",
            [str(OWNER), {"mint": str(OTHER)}],
            "Invalid param: could not find mint",
        ),
        (
            "getTokenAccountsByOwner",
            [str(OWNER), {"programId": str(OTHER)}],
            "Invalid param: unrecognized Token program id",
        ),
        (
            "getTokenAccountsByOwner",
            [str(OWNER), {}],
            "Invalid params: invalid value: map, expected map with a single key.",
        ),
    ],
)
def test_what_is_not_there(
    refused: Any, account: Pubkey, method: str, params: list[Any], message: str
) -> None:
    failure = refused(method, *params)
    assert (failure.code, failure.message) == (-32602, message)


def test_what_is_of_another_kind(
    bank: Bank, refused: Any, mint: TokenMint, account: Pubkey
) -> None:
    assert refused("getTokenAccountBalance", str(mint.address)).message == (
        "Invalid param: not a Token account"
    )
    assert refused("getTokenSupply", str(account)).message == "Invalid param: not a Token mint"
    bank.set_account(OTHER, Account(SOL, bytes(165), TOKEN_PROGRAM_ID))
    assert refused("getTokenAccountBalance", str(OTHER)).message == (
        "Invalid param: not a Token account"
    )


@pytest.mark.parametrize("amount", [3, "3"])
def test_faucet_mints(bank: Bank, node: Node, mint: TokenMint, amount: Any) -> None:
    minted = call_method(node, "neurolov_mintTo", {"owner": str(OWNER), "amount": amount})
    assert isinstance(minted, dict)
    assert minted["account"] == str(mint.token_account(OWNER))
    call_method(node, "neurolov_mintTo", [str(OWNER), amount])
    balance = call_method(node, "getTokenAccountBalance", [minted["account"]])
    assert isinstance(balance, dict)
    assert balance["value"]["amount"] == "6"


@pytest.mark.parametrize("amount", [-1, 2**64, "1.5", "-1", None, True])
def test_faucet_refuses_wrong_amounts(
    bank: Bank, refused: Any, mint: TokenMint, amount: Any
) -> None:
    failure = refused("neurolov_mintTo", {"owner": str(OWNER), "amount": amount})
    assert failure.code == -32602
    assert bank.account(mint.token_account(OWNER)) is None


def test_faucet_tells_when_the_supply_is_exhausted(
    bank: Bank, refused: Any, mint: TokenMint, account: Pubkey
) -> None:
    failure = refused("neurolov_mintTo", str(OWNER), 2**64 - 1)
    assert (failure.code, failure.data) == (
        -32603,
        {"err": {"InstructionError": [2, {"Custom": 14}]}},
    )
    assert (
        failure.message == "Mint failed: Error processing Instruction 2: custom program error: 0xe"
    )


def test_faucet_without_a_mint(bank: Bank) -> None:
    with pytest.raises(RpcError, match="start it with one") as caught:
        call_method(Node(bank), "neurolov_mintTo", [str(OWNER), 1])
    assert caught.value.code == -32601
