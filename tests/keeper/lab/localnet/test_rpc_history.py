import base64
from typing import Any

import based58
import pytest
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction

from keeper.lab.localnet import Bank, TokenMint, TransactionRecord

from .conftest import SOL, Call, keypair

RECEIVER = keypair(9).pubkey()
V0 = {"maxSupportedTransactionVersion": 0}


def pay(bank: Bank, payer: Keypair, lamports: int) -> TransactionRecord:
    instruction = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=RECEIVER, lamports=lamports)
    )
    return bank.execute([instruction], [payer])


def pay_legacy(bank: Bank, payer: Keypair, lamports: int) -> TransactionRecord:
    instruction = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=RECEIVER, lamports=lamports)
    )
    message = Message.new_with_blockhash([instruction], payer.pubkey(), bank.latest_blockhash)
    return bank.send(Transaction([payer], message, bank.latest_blockhash))


def test_transaction_in_json(bank: Bank, payer: Keypair, call: Call) -> None:
    bank.advance()
    record = pay(bank, payer, SOL)
    found = call("getTransaction", str(record.signature), V0)
    assert (found["slot"], found["blockTime"], found["version"]) == (2, bank.unix_time, 0)
    assert found["transaction"]["signatures"] == [str(record.signature)]
    message = found["transaction"]["message"]
    assert message["accountKeys"] == [str(payer.pubkey()), str(RECEIVER), "1" * 32]
    assert message["header"] == {
        "numRequiredSignatures": 1,
        "numReadonlySignedAccounts": 0,
        "numReadonlyUnsignedAccounts": 1,
    }
    data = (2).to_bytes(4, "little") + SOL.to_bytes(8, "little")
    assert message["instructions"] == [
        {
            "programIdIndex": 2,
            "accounts": [0, 1],
            "data": based58.b58encode(data).decode(),
            "stackHeight": 1,
        }
    ]
    meta = found["meta"]
    assert (meta["err"], meta["status"]) == (None, {"Ok": None})
    assert (meta["fee"], meta["computeUnitsConsumed"]) == (5_000, 150)
    assert meta["preBalances"][0] - meta["postBalances"][0] == SOL + 5_000
    assert meta["logMessages"][-1] == f"Program {'1' * 32} success"
    assert meta["loadedAddresses"] == {"writable": [], "readonly": []}
    assert meta["innerInstructions"] == []


@pytest.mark.parametrize("encoding", ["base64", "base58"])
def test_transaction_in_bytes(bank: Bank, payer: Keypair, call: Call, encoding: str) -> None:
    record = pay(bank, payer, SOL)
    found = call("getTransaction", str(record.signature), {"encoding": encoding, **V0})
    text, named = found["transaction"]
    assert named == encoding
    raw = base64.b64decode(text) if encoding == "base64" else based58.b58decode(text.encode())
    assert VersionedTransaction.from_bytes(raw) == record.transaction


def test_transaction_parsed(bank: Bank, payer: Keypair, call: Call) -> None:
    record = pay(bank, payer, SOL)
    found = call("getTransaction", str(record.signature), {"encoding": "jsonParsed", **V0})
    message = found["transaction"]["message"]
    assert message["accountKeys"][0] == {
        "pubkey": str(payer.pubkey()),
        "signer": True,
        "source": "transaction",
        "writable": True,
    }
    info = {"source": str(payer.pubkey()), "destination": str(RECEIVER), "lamports": SOL}
    assert message["instructions"] == [
        {
            "programId": "1" * 32,
            "program": "system",
            "parsed": {"type": "transfer", "info": info},
            "stackHeight": 1,
        }
    ]


def test_failed_transaction_keeps_its_error(bank: Bank, payer: Keypair, call: Call) -> None:
    record = pay(bank, payer, 100 * SOL)
    expected = {"InstructionError": [0, {"Custom": 1}]}
    meta = call("getTransaction", str(record.signature), V0)["meta"]
    assert (meta["err"], meta["status"], meta["fee"]) == (expected, {"Err": expected}, 5_000)
    status = call("getSignatureStatuses", [str(record.signature)])["value"][0]
    assert (status["err"], status["status"]) == (expected, {"Err": expected})
    listed = call("getSignaturesForAddress", str(RECEIVER))
    assert [one["err"] for one in listed] == [expected]


def test_inner_instructions_and_token_balances(bank: Bank, mint: TokenMint, call: Call) -> None:
    record = mint.mint_to(bank, RECEIVER, 5)
    meta = call("getTransaction", str(record.signature), V0)["meta"]
    assert [group["index"] for group in meta["innerInstructions"]] == [1]
    inner = meta["innerInstructions"][0]["instructions"]
    assert {one["stackHeight"] for one in inner} == {2}
    assert meta["preTokenBalances"] == []
    (balance,) = meta["postTokenBalances"]
    assert balance["owner"] == str(RECEIVER)
    assert balance["uiTokenAmount"]["amount"] == "5"


def test_version_must_be_supported(bank: Bank, payer: Keypair, call: Call, refused: Any) -> None:
    record = pay(bank, payer, SOL)
    assert refused("getTransaction", str(record.signature)).code == -32015
    bank.advance()
    assert refused("getBlock", 1).code == -32015
    legacy = pay_legacy(bank, payer, SOL)
    assert "version" not in call("getTransaction", str(legacy.signature))
    assert call("getTransaction", str(legacy.signature), V0)["version"] == "legacy"
    assert call("getTransaction", str(legacy.signature), "base64")["transaction"][1] == "base64"


def test_unknown_transaction_is_null(call: Call) -> None:
    unknown = str(Signature.default())
    assert call("getTransaction", unknown) is None
    assert call("getSignatureStatuses", [unknown], {"searchTransactionHistory": True})["value"] == [
        None
    ]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("getTransaction", [str(Signature.default())]),
        ("getSignaturesForAddress", [str(RECEIVER)]),
        ("getBlock", [0]),
        ("getBlocks", [0, 1]),
    ],
)
def test_history_below_confirmed_is_refused(refused: Any, method: str, params: list[Any]) -> None:
    failure = refused(method, *params, {"commitment": "processed"})
    assert (failure.code, failure.message) == (
        -32602,
        "Method does not support commitment below `confirmed`",
    )


def test_statuses(bank: Bank, payer: Keypair, call: Call, refused: Any) -> None:
    record = pay(bank, payer, SOL)
    value = call("getSignatureStatuses", [str(Signature.default()), str(record.signature)])["value"]
    assert value == [
        None,
        {
            "slot": 1,
            "confirmations": None,
            "err": None,
            "status": {"Ok": None},
            "confirmationStatus": "finalized",
        },
    ]
    many = [str(Signature.default())] * 257
    assert refused("getSignatureStatuses", many).message == "Too many inputs provided; max 256"
    assert refused("getSignatureStatuses", ["x"]).code == -32602


@pytest.fixture
def signatures(bank: Bank, payer: Keypair) -> list[str]:
    """Signatures of ten payments to RECEIVER, newest first, two a slot."""
    found = []
    for number in range(10):
        record = pay(bank, payer, SOL // 10 + number)
        assert record.ok
        found.append(str(record.signature))
        if number % 2:
            bank.advance()
    return found[::-1]


def listed(call: Call, **config: Any) -> list[str]:
    found = call("getSignaturesForAddress", str(RECEIVER), config)
    return [one["signature"] for one in found]


def test_signatures_are_paged(call: Call, signatures: list[str]) -> None:
    assert listed(call) == signatures
    assert listed(call, limit=3) == signatures[:3]
    assert listed(call, before=signatures[2]) == signatures[3:]
    assert listed(call, until=signatures[7]) == signatures[:7]
    assert listed(call, before=signatures[2], until=signatures[7]) == signatures[3:7]
    assert listed(call, before=signatures[2], until=signatures[7], limit=2) == signatures[3:5]
    assert listed(call, before=signatures[9]) == []
    assert listed(call, until=signatures[0]) == []


def test_pages_join_without_gap_or_repeat(call: Call, signatures: list[str]) -> None:
    pages: list[str] = []
    while page := listed(call, limit=3, **({"before": pages[-1]} if pages else {})):
        pages += page
    assert pages == signatures


def test_signature_entry(bank: Bank, call: Call, signatures: list[str]) -> None:
    entry = call("getSignaturesForAddress", str(RECEIVER), {"limit": 1})[0]
    block = bank.block(5)
    assert block is not None
    assert entry == {
        "signature": signatures[0],
        "slot": 5,
        "err": None,
        "memo": None,
        "blockTime": block.time,
        "confirmationStatus": "finalized",
        "transactionIndex": 1,
    }


def test_unknown_bounds(call: Call, signatures: list[str]) -> None:
    unknown = str(Signature.default())
    assert listed(call, before=unknown) == []
    assert listed(call, until=unknown) == signatures
    assert call("getSignaturesForAddress", str(Pubkey.default()), {"limit": 1000}) != []
    assert call("getSignaturesForAddress", str(keypair(77).pubkey())) == []


@pytest.mark.parametrize("limit", [0, 1001])
def test_limit_out_of_range(refused: Any, limit: int) -> None:
    failure = refused("getSignaturesForAddress", str(RECEIVER), {"limit": limit})
    assert (failure.code, failure.message) == (-32602, "Invalid limit; max 1000")


def test_block(bank: Bank, payer: Keypair, call: Call) -> None:
    record = pay(bank, payer, SOL)
    bank.advance()
    block = bank.block(1)
    assert block is not None
    found = call("getBlock", 1, {"transactionDetails": "signatures"})
    assert found == {
        "blockHeight": 1,
        "blockTime": block.time,
        "blockhash": str(bank.latest_blockhash),
        "parentSlot": 0,
        "previousBlockhash": str(block.previous_blockhash),
        "rewards": [],
        "signatures": [str(one) for one in block.signatures],
    }
    assert found["signatures"][-1] == str(record.signature)
    full = call("getBlock", 1, V0)
    assert full["transactions"][-1]["transaction"]["signatures"] == [str(record.signature)]
    bare = call("getBlock", 1, {"transactionDetails": "none", "rewards": False})
    assert not {"transactions", "signatures", "rewards"} & set(bare)
    assert call("getBlockTime", 1) == block.time


def test_block_that_is_not_there(bank: Bank, refused: Any, call: Call) -> None:
    assert refused("getBlock", 1).code == -32004
    assert refused("getBlockTime", 99).code == -32004
    bank.warp(5)
    bank.advance()
    failure = refused("getBlock", 3)
    assert failure.code == -32007
    assert failure.message.startswith("Slot 3 was skipped")
    assert call("getBlocks", 0) == [0, 1, 5]
    assert call("getBlocks", 1, 4) == [1]
    assert refused("getBlocks", "x").code == -32602
