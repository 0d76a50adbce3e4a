import base64
from collections.abc import Sequence
from typing import Any

import based58
import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from spl.token.instructions import create_associated_token_account

from keeper.lab.localnet import Bank, TokenMint
from keeper.lab.localnet.rpc.failures import describe

from .conftest import SOL, Call, keypair

RECEIVER = keypair(9).pubkey()
BASE64 = {"encoding": "base64"}
ED25519_PROGRAM = Pubkey.from_string("Ed25519SigVerify111111111111111111111111111")


def payment(
    payer: Keypair, lamports: int, blockhash: Hash, *more: Instruction
) -> VersionedTransaction:
    instruction = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=RECEIVER, lamports=lamports)
    )
    message = MessageV0.try_compile(payer.pubkey(), [instruction, *more], [], blockhash)
    return VersionedTransaction(message, [payer])


def encode(transaction: VersionedTransaction) -> str:
    return base64.b64encode(bytes(transaction)).decode()


def test_transaction_is_sent_in_either_encoding(bank: Bank, payer: Keypair, call: Call) -> None:
    first = payment(payer, SOL, bank.latest_blockhash)
    assert call("sendTransaction", encode(first), BASE64) == str(first.signatures[0])
    second = payment(payer, SOL + 1, bank.latest_blockhash)
    text = based58.b58encode(bytes(second)).decode()
    assert call("sendTransaction", text) == str(second.signatures[0])
    assert bank.balance(RECEIVER) == 2 * SOL + 1


def test_preflight_failure_costs_nothing(bank: Bank, payer: Keypair, refused: Any) -> None:
    before = bank.balance(payer.pubkey())
    transaction = payment(payer, 100 * SOL, bank.latest_blockhash)
    failure = refused("sendTransaction", encode(transaction), BASE64)
    assert failure.code == -32002
    assert failure.message == (
        "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1"
    )
    assert failure.data == {
        "accounts": None,
        "err": {"InstructionError": [0, {"Custom": 1}]},
        "fee": 5_000,
        "innerInstructions": None,
        "loadedAccountsDataSize": failure.data["loadedAccountsDataSize"],
        "loadedAddresses": None,
        "logs": failure.data["logs"],
        "postBalances": None,
        "postTokenBalances": None,
        "preBalances": None,
        "preTokenBalances": None,
        "replacementBlockhash": None,
        "returnData": None,
        "unitsConsumed": 150,
    }
    assert failure.data["logs"][1].startswith("Transfer: insufficient lamports")
    assert bank.balance(payer.pubkey()) == before
    assert bank.record(transaction.signatures[0]) is None


def test_without_preflight_a_failure_lands(bank: Bank, payer: Keypair, call: Call) -> None:
    before = bank.balance(payer.pubkey())
    transaction = payment(payer, 100 * SOL, bank.latest_blockhash)
    config = {**BASE64, "skipPreflight": True}
    signature = call("sendTransaction", encode(transaction), config)
    assert call("getSignatureStatuses", [signature])["value"][0]["err"] == {
        "InstructionError": [0, {"Custom": 1}]
    }
    assert bank.balance(payer.pubkey()) == before - 5_000


def test_expired_blockhash(bank: Bank, payer: Keypair, call: Call, refused: Any) -> None:
    transaction = payment(payer, SOL, bank.latest_blockhash)
    bank.advance(150)
    failure = refused("sendTransaction", encode(transaction), BASE64)
    assert (failure.code, failure.message, failure.data["err"]) == (
        -32002,
        "Transaction simulation failed: Blockhash not found",
        "BlockhashNotFound",
    )
    config = {**BASE64, "skipPreflight": True}
    signature = call("sendTransaction", encode(transaction), config)
    assert call("getSignatureStatuses", [signature])["value"] == [None]
    assert bank.account(RECEIVER) is None


def test_duplicate(bank: Bank, payer: Keypair, call: Call, refused: Any) -> None:
    transaction = encode(payment(payer, SOL, bank.latest_blockhash))
    signature = call("sendTransaction", transaction, BASE64)
    failure = refused("sendTransaction", transaction, BASE64)
    assert (failure.code, failure.message, failure.data["err"]) == (
        -32002,
        "Transaction simulation failed: This transaction has already been processed",
        "AlreadyProcessed",
    )
    assert call("sendTransaction", transaction, {**BASE64, "skipPreflight": True}) == signature
    assert bank.balance(RECEIVER) == SOL


def test_forged_signature(bank: Bank, payer: Keypair, refused: Any, call: Call) -> None:
    real = payment(payer, SOL, bank.latest_blockhash)
    forged = VersionedTransaction.populate(real.message, [Signature.default()])
    failure = refused("sendTransaction", encode(forged), BASE64)
    assert (failure.code, failure.message, failure.data["err"]) == (
        -32002,
        "Transaction simulation failed: Transaction did not pass signature verification",
        "SignatureFailure",
    )
    call("sendTransaction", encode(forged), {**BASE64, "skipPreflight": True})
    assert bank.account(RECEIVER) is None


def test_unknown_payer(bank: Bank, refused: Any) -> None:
    transaction = payment(keypair(50), SOL, bank.latest_blockhash)
    failure = refused("sendTransaction", encode(transaction), BASE64)
    assert (failure.code, failure.data["err"]) == (-32002, "AccountNotFound")
    assert "found no record of a prior credit" in failure.message


@pytest.mark.parametrize(
    ("text", "config", "message"),
    [
        ("0OIl", {}, "invalid base58 encoding: InvalidCharacter { character: '0', index: 0 }"),
        ("?", BASE64, "invalid base64 encoding: InvalidByte(0, 63)"),
        ("AAAA", BASE64, "failed to deserialize solana_transaction::versioned::"),
        ("A" * 1645, BASE64, "base64 encoded solana_transaction::versioned::"),
        ("1" * 1233, {}, "decoded solana_transaction::versioned::VersionedTransaction too large"),
        ("1" * 1684, {}, "base58 encoded solana_transaction::versioned::"),
        ("AAAA", {"encoding": "hex"}, "Invalid params: unknown variant `hex`, expected one of"),
        (7, {}, "Invalid params: invalid type: integer `7`, expected a string."),
        (
            "AAAA",
            {"skipPreflight": 1},
            "Invalid params: invalid type: integer `1`, expected a boolean.",
        ),
    ],
)
@pytest.mark.parametrize("method", ["sendTransaction", "simulateTransaction"])
def test_what_is_no_transaction(
    refused: Any, method: str, text: Any, config: dict[str, Any], message: str
) -> None:
    if method == "simulateTransaction" and "skipPreflight" in config:
        config = {"sigVerify": 1}
        message = "Invalid params: invalid type: integer `1`, expected a boolean."
    failure = refused(method, text, config)
    assert failure.code == -32602
    assert failure.message.startswith(message)


def test_unsigned_transaction_is_not_sanitary(bank: Bank, payer: Keypair, refused: Any) -> None:
    real = payment(payer, SOL, bank.latest_blockhash)
    unsigned = VersionedTransaction.populate(real.message, [])
    failure = refused("sendTransaction", encode(unsigned), BASE64)
    assert (failure.code, failure.message) == (
        -32602,
        "invalid transaction: Transaction failed to sanitize accounts offsets correctly",
    )


def simulate(call: Call, transaction: VersionedTransaction, **config: Any) -> Any:
    return call("simulateTransaction", encode(transaction), {**BASE64, **config})["value"]


def test_simulation_shows_accounts_without_effect(bank: Bank, payer: Keypair, call: Call) -> None:
    transaction = payment(payer, SOL, bank.latest_blockhash)
    addresses = [str(RECEIVER), str(keypair(77).pubkey())]
    value = simulate(call, transaction, accounts={"encoding": "base64", "addresses": addresses})
    assert (value["err"], value["unitsConsumed"], value["returnData"]) == (None, 150, None)
    assert value["accounts"][0]["lamports"] == SOL
    assert value["accounts"][1] is None
    assert value["replacementBlockhash"] is None
    assert bank.account(RECEIVER) is None


def test_failed_simulation_shows_no_accounts(bank: Bank, payer: Keypair, call: Call) -> None:
    transaction = payment(payer, 100 * SOL, bank.latest_blockhash)
    value = simulate(call, transaction, accounts={"addresses": [str(RECEIVER)]})
    assert value["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert value["accounts"] == [None]


def test_simulation_replaces_the_blockhash(bank: Bank, payer: Keypair, call: Call) -> None:
    transaction = payment(payer, SOL, Hash.default())
    assert simulate(call, transaction)["err"] == "BlockhashNotFound"
    value = simulate(call, transaction, replaceRecentBlockhash=True)
    assert value["err"] is None
    assert value["replacementBlockhash"] == {
        "blockhash": str(bank.latest_blockhash),
        "lastValidBlockHeight": 150,
    }


def test_simulation_verifies_signatures_only_if_asked(
    bank: Bank, payer: Keypair, call: Call, refused: Any
) -> None:
    real = payment(payer, SOL, bank.latest_blockhash)
    forged = VersionedTransaction.populate(real.message, [Signature.default()])
    assert simulate(call, forged)["err"] is None
    both = {**BASE64, "sigVerify": True}
    assert simulate(call, forged, sigVerify=True)["err"] == "SignatureFailure"
    both["replaceRecentBlockhash"] = True
    assert refused("simulateTransaction", encode(forged), both).message == (
        "sigVerify may not be used with replaceRecentBlockhash"
    )


def test_simulation_shows_inner_instructions(
    bank: Bank, payer: Keypair, mint: TokenMint, call: Call
) -> None:
    create = create_associated_token_account(payer.pubkey(), RECEIVER, mint.address)
    transaction = payment(payer, SOL, bank.latest_blockhash, create)
    assert simulate(call, transaction)["innerInstructions"] is None
    (group,) = simulate(call, transaction, innerInstructions=True)["innerInstructions"]
    assert group["index"] == 1
    assert len(group["instructions"]) == 4
    assert bank.account(mint.token_account(RECEIVER)) is None


def test_airdrop(bank: Bank, call: Call, refused: Any) -> None:
    signature = call("requestAirdrop", str(RECEIVER), SOL)
    assert call("getSignatureStatuses", [signature])["value"][0]["err"] is None
    assert bank.balance(RECEIVER) == SOL
    failure = refused("requestAirdrop", str(keypair(11).pubkey()), 1)
    assert failure.code == -32603
    assert failure.data == {"err": {"InsufficientFundsForRent": {"account_index": 1}}}
    assert refused("requestAirdrop", str(RECEIVER), -1).code == -32602
    assert bank.balance(RECEIVER) == SOL


def fee(call: Call, message: Message | MessageV0) -> Any:
    raw = bytes(VersionedTransaction.populate(message, []))[1:]
    return call("getFeeForMessage", base64.b64encode(raw).decode())["value"]


def ed25519_instruction(signers: Sequence[Keypair], text: bytes) -> Instruction:
    """Layout: solana-sdk `ed25519_instruction.rs`, every offset into this instruction."""
    head = bytes([len(signers), 0])
    start = 2 + 14 * len(signers)
    body = b""
    for signer in signers:
        at = start + len(body)
        body += bytes(signer.pubkey()) + bytes(signer.sign_message(text)) + text
        offsets = (at + 32, 0xFFFF, at, 0xFFFF, at + 96, len(text), 0xFFFF)
        head += b"".join(value.to_bytes(2, "little") for value in offsets)
    return Instruction(ED25519_PROGRAM, head + body, [])


def test_fee_for_message_is_what_is_charged(bank: Bank, payer: Keypair, call: Call) -> None:
    plain = payment(payer, SOL, bank.latest_blockhash)
    assert fee(call, plain.message) == bank.send(plain).fee == 5_000
    check = ed25519_instruction([keypair(1), keypair(2)], b"text")
    checking = payment(payer, SOL, bank.latest_blockhash, check)
    assert fee(call, checking.message) == bank.send(checking).fee == 15_000
    legacy = Message.new_with_blockhash([check], payer.pubkey(), bank.latest_blockhash)
    assert fee(call, legacy) == 15_000


def test_fee_for_an_expired_message_is_null(bank: Bank, payer: Keypair, call: Call) -> None:
    assert fee(call, payment(payer, SOL, Hash.default()).message) is None


@pytest.mark.parametrize("text", ["AAAA", "gAEB", "AQAAAQEBAQEBAQEBAQEB"])
def test_fee_for_what_is_no_message(refused: Any, text: str) -> None:
    failure = refused("getFeeForMessage", text)
    assert failure.code == -32602
    assert failure.message.startswith("failed to deserialize solana_message")


@pytest.mark.parametrize(
    ("err", "text"),
    [
        (
            {"InstructionError": [2, "InvalidAccountData"]},
            "Error processing Instruction 2: invalid account data for instruction",
        ),
        (
            {"InstructionError": [0, {"Custom": 6000}]},
            "Error processing Instruction 0: custom program error: 0x1770",
        ),
        (
            {"InstructionError": [0, {"BorshIoError": "Unknown"}]},
            "Error processing Instruction 0: Borsh io error",
        ),
        (
            {"InsufficientFundsForRent": {"account_index": 3}},
            "Transaction results in an account (3) with insufficient funds for rent",
        ),
        ({"DuplicateInstruction": 1}, "Duplicate instruction"),
        ("InvalidRentPayingAccount", "Invalid rent paying account"),
    ],
)
def test_errors_in_words(err: Any, text: str) -> None:
    assert describe(err) == text
