from typing import Any

import pytest
from solders.hash import Hash

from keeper.lab.localnet import Bank
from keeper.lab.localnet.rpc import Node, call_method

from .conftest import SOL, Call, keypair


def test_slot_and_height(bank: Bank, call: Call) -> None:
    bank.warp(50)
    assert call("getSlot") == 50
    assert call("getBlockHeight") == 2
    assert call("getBlockHeight", {"commitment": "processed"}) == 2


def test_epoch(bank: Bank, call: Call) -> None:
    bank.warp(432_000 + 7)
    info = call("getEpochInfo")
    assert info == {
        "absoluteSlot": 432_007,
        "blockHeight": 2,
        "epoch": 1,
        "slotIndex": 7,
        "slotsInEpoch": 432_000,
        "transactionCount": bank.transaction_count,
    }
    assert call("getEpochSchedule")["warmup"] is False


def test_latest_blockhash_and_its_expiry(bank: Bank, call: Call) -> None:
    latest = call("getLatestBlockhash")["value"]
    assert latest == {"blockhash": str(bank.latest_blockhash), "lastValidBlockHeight": 150}
    assert call("isBlockhashValid", latest["blockhash"])["value"] is True
    bank.advance(149)
    assert call("isBlockhashValid", latest["blockhash"])["value"] is True
    bank.advance()
    assert call("getBlockHeight") == 151
    assert call("isBlockhashValid", latest["blockhash"])["value"] is False
    assert call("isBlockhashValid", str(Hash.default()))["value"] is False
    newer = call("getLatestBlockhash")
    assert newer["value"]["lastValidBlockHeight"] == 300
    assert newer["context"]["slot"] == 151


def test_hash_must_be_one(refused: Any) -> None:
    assert refused("isBlockhashValid", "x").code == -32602


def test_node_describes_itself(bank: Bank, call: Call) -> None:
    identity = str(keypair(4).pubkey())
    assert call("getIdentity") == {"identity": identity}
    assert call("getSlotLeader") == identity
    assert [node["pubkey"] for node in call("getClusterNodes")] == [identity]
    assert call("getHealth") == "ok"
    assert call("getVersion")["solana-core"] == "2.2.0"
    assert call("getGenesisHash") == str(bank.genesis_hash)
    assert call("getFirstAvailableBlock") == call("minimumLedgerSlot") == 0
    assert call("getTransactionCount") == bank.transaction_count == 1


def test_prioritization_fees(bank: Bank, call: Call, refused: Any) -> None:
    bank.advance(200)
    fees = call("getRecentPrioritizationFees", [str(keypair(1).pubkey())])
    assert len(fees) == 150
    assert fees[-1] == {"slot": 200, "prioritizationFee": 0}
    assert refused("getRecentPrioritizationFees", ["1" * 32] * 129).message == (
        "Too many inputs provided; max 128"
    )


def test_commitments_lag_as_configured(bank: Bank) -> None:
    node = Node(bank, finality_lag=32)
    assert call_method(node, "getSlot", None) == 0
    bank.advance(40)
    assert call_method(node, "getSlot", [{"commitment": "processed"}]) == 41
    assert call_method(node, "getSlot", [{"commitment": "confirmed"}]) == 41
    assert call_method(node, "getSlot", [{"commitment": "finalized"}]) == 9
    # A cluster roots blocks, so that skipped slots make nothing final.
    bank.warp(100)
    assert call_method(node, "getSlot", None) == 10
    assert call_method(node, "getBlockHeight", None) == 10
    assert call_method(node, "getSlot", [{"commitment": "confirmed"}]) == 100
    assert call_method(node, "getBlockHeight", [{"commitment": "confirmed"}]) == 42


def test_transaction_is_confirmed_before_it_is_final(bank: Bank) -> None:
    node = Node(bank, finality_lag=2)
    record = bank.airdrop(keypair(9).pubkey(), SOL)
    signature = str(record.signature)

    def status() -> Any:
        return call_method(node, "getSignatureStatuses", [[signature]])["value"][0]  # type: ignore[index,call-overload]

    assert (status()["confirmationStatus"], status()["confirmations"]) == ("confirmed", 0)
    assert call_method(node, "getTransaction", [signature]) is None
    bank.advance()
    assert (status()["confirmationStatus"], status()["confirmations"]) == ("confirmed", 1)
    bank.advance()
    assert (status()["confirmationStatus"], status()["confirmations"]) == ("finalized", None)
    found = call_method(node, "getTransaction", [signature, {"maxSupportedTransactionVersion": 0}])
    assert isinstance(found, dict)
    assert found["slot"] == record.slot


@pytest.mark.parametrize("method", ["getHealth", "getVersion", "getGenesisHash"])
def test_methods_without_parameters_take_none(refused: Any, method: str) -> None:
    assert refused(method, 1).code == -32602


def test_slots_are_skipped_on_request(bank: Bank, call: Call) -> None:
    height, hashes = bank.block_height, len(bank.slot_hashes())
    assert call("neurolov_skipTo", 300) == 300
    assert (call("getSlot"), bank.block_height) == (300, height + 1)
    assert len(bank.slot_hashes()) == hashes + 1


@pytest.mark.parametrize("slot", [0, 50, -1, 2**64, "51", None, True])
def test_only_a_later_slot_is_skipped_to(bank: Bank, refused: Any, slot: Any) -> None:
    bank.warp(50)
    assert refused("neurolov_skipTo", slot).code == -32602
    assert (bank.slot, bank.block_height) == (50, 2)
