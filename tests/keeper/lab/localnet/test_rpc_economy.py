"""Supply, stake, inflation and leaders of a chain with one node."""

import base64
from typing import Any

import pytest
from solders.keypair import Keypair

from keeper.lab.localnet import Bank
from keeper.lab.localnet.rpc import Node
from keeper.lab.localnet.rpc.binary import zstd_frame

from .conftest import SOL, Call, keypair

OWNER = keypair(9).pubkey()
EPOCH = 432_000


def test_supply_is_all_that_there_is(bank: Bank, call: Call) -> None:
    before = call("getSupply")["value"]
    assert before["total"] == before["circulating"] > 0
    bank.airdrop(OWNER, SOL)
    after = call("getSupply")["value"]
    # An airdrop makes nothing, and its fee is burned.
    assert after["total"] == before["total"] - 5_000


def test_largest_accounts(bank: Bank, call: Call) -> None:
    for number in range(30):
        bank.airdrop(keypair(100 + number).pubkey(), SOL + number)
    found = call("getLargestAccounts")["value"]
    assert len(found) == 20
    assert found[0]["address"] == str(bank.faucet.pubkey())
    assert found[1] == {"address": str(keypair(129).pubkey()), "lamports": SOL + 29}
    assert call("getLargestAccounts", {"filter": "nonCirculating"})["value"] == []


def test_rewards_are_null_once_the_epoch_is_over(bank: Bank, call: Call, refused: Any) -> None:
    failure = refused("getInflationReward", [str(OWNER)])
    assert (failure.code, failure.message) == (-32004, f"Block not available for slot {EPOCH}")
    bank.warp(EPOCH)
    assert call("getInflationReward", [str(OWNER)], {"epoch": 0}) == [None]


def test_one_node_leads_every_slot(bank: Bank, node: Node, call: Call, refused: Any) -> None:
    leader = str(node.identity.pubkey())
    assert call("getSlotLeaders", 5, 3) == [leader] * 3
    assert call("getLeaderSchedule") == {leader: list(range(EPOCH))}
    assert call("getLeaderSchedule", None, {"identity": str(OWNER)}) == {}
    assert call("getLeaderSchedule", 2 * EPOCH) is None
    assert refused("getSlotLeaders", 2 * EPOCH, 1).message == (
        "Invalid slot range: leader schedule for epoch 2 is unavailable"
    )


def test_block_production_counts_skipped_slots(bank: Bank, node: Node, call: Call) -> None:
    leader = str(node.identity.pubkey())
    bank.advance(3)
    bank.warp(10)
    bank.advance()
    value = call("getBlockProduction", {"range": {"firstSlot": 2, "lastSlot": 10}})["value"]
    assert value == {
        "byIdentity": {leader: [9, 4]},
        "range": {"firstSlot": 2, "lastSlot": 10},
    }
    other = call("getBlockProduction", {"identity": str(OWNER)})["value"]
    assert other["byIdentity"] == {}


def test_performance_samples_are_minutes(bank: Bank, call: Call, refused: Any) -> None:
    assert call("getRecentPerformanceSamples") == []
    bank.airdrop(OWNER, SOL)
    bank.advance(300)
    transactions = call("getTransactionCount")
    newest, oldest = call("getRecentPerformanceSamples")
    assert newest == {
        "slot": 299,
        "numSlots": 150,
        "numTransactions": 0,
        "numNonVoteTransactions": 0,
        "samplePeriodSecs": 60,
    }
    assert (oldest["slot"], oldest["numTransactions"]) == (149, transactions)
    assert call("getRecentPerformanceSamples", 1) == [newest]
    assert refused("getRecentPerformanceSamples", 721).message == "Invalid limit; max 720"


def test_block_commitment_is_known_until_the_block_is_final(bank: Bank, call: Call) -> None:
    assert call("getBlockCommitment", 1) == {"commitment": None, "totalStake": 0}


def test_faucet_tells_itself(bank: Bank, node: Node, call: Call) -> None:
    assert node.mint is not None
    assert call("neurolov_faucet") == {
        "address": str(bank.faucet.pubkey()),
        "mint": str(node.mint.address),
    }


def unframed(frame: bytes) -> bytes:
    """The content of a Zstandard frame whose blocks are stored."""
    assert frame[:5] == bytes.fromhex("28b52ffda0")
    size, at, content = int.from_bytes(frame[5:9], "little"), 9, b""
    while True:
        header = int.from_bytes(frame[at : at + 3], "little")
        assert header >> 1 & 3 == 0
        content += frame[at + 3 : at + 3 + (header >> 3)]
        at += 3 + (header >> 3)
        if header & 1:
            assert (at, len(content)) == (len(frame), size)
            return content


@pytest.mark.parametrize("size", [0, 1, 165, 2**17, 2**17 + 1, 300_000])
def test_zstandard_frames_hold_the_data(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    assert unframed(zstd_frame(data)) == data


def test_compressed_account(bank: Bank, payer: Keypair, call: Call) -> None:
    text, encoding = call("getAccountInfo", str(payer.pubkey()), {"encoding": "base64+zstd"})[
        "value"
    ]["data"]
    assert (unframed(base64.b64decode(text)), encoding) == (b"", "base64+zstd")
