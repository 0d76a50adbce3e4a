import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.sysvar import CLOCK, SLOT_HASHES
from solders.transaction import VersionedTransaction

from keeper.lab.localnet import Bank


def decode_slot_hashes(data: bytes) -> list[tuple[int, Hash]]:
    """The sysvar's bincode: a u64 count, then pairs of u64 slot and 32-byte hash."""
    count = int.from_bytes(data[:8], "little")
    entries = [data[8 + 40 * index : 48 + 40 * index] for index in range(count)]
    return [(int.from_bytes(one[:8], "little"), Hash.from_bytes(one[8:])) for one in entries]


def sysvar_slot_hashes(bank: Bank) -> list[tuple[int, Hash]]:
    account = bank.account(SLOT_HASHES)
    assert account is not None
    return decode_slot_hashes(account.data)


def test_genesis_is_slot_0_and_slot_1_is_open(bank: Bank) -> None:
    assert (bank.slot, bank.block_height) == (1, 1)
    genesis = bank.block(0)
    assert genesis is not None
    assert genesis.blockhash == bank.latest_blockhash
    assert bank.block(1) is None


def test_slot_hash_of_a_slot_appears_when_the_next_opens(bank: Bank) -> None:
    assert [slot for slot, _ in sysvar_slot_hashes(bank)] == [0]
    bank.advance(3)
    assert bank.slot == 4
    entries = sysvar_slot_hashes(bank)
    assert [slot for slot, _ in entries] == [3, 2, 1, 0]
    assert entries == bank.slot_hashes()
    before = dict(entries)
    bank.advance()
    assert {slot: sha for slot, sha in sysvar_slot_hashes(bank) if slot <= 3} == before


def test_slot_hashes_keep_the_newest_512(bank: Bank) -> None:
    bank.advance(600)
    slots = [slot for slot, _ in sysvar_slot_hashes(bank)]
    assert slots == list(range(600, 600 - 512, -1))
    assert len({sha for _, sha in sysvar_slot_hashes(bank)}) == 512


def test_slot_hash_depends_on_the_transactions_of_the_slot() -> None:
    quiet, busy = Bank(), Bank()
    busy.airdrop(Pubkey.new_unique(), 10**9)
    quiet.advance()
    busy.advance()
    assert quiet.slot_hashes()[0] != busy.slot_hashes()[0]
    assert quiet.slot_hashes()[1] == busy.slot_hashes()[1]


def test_equal_calls_give_equal_chains_and_other_seeds_others() -> None:
    first, second, other = Bank(), Bank(), Bank(seed=b"\1" * 32)
    for bank in (first, second, other):
        bank.airdrop(Pubkey.default(), 10**9)
        bank.advance(5)
    assert first.slot_hashes() == second.slot_hashes()
    assert first.latest_blockhash == second.latest_blockhash
    assert first.genesis_hash != other.genesis_hash
    assert first.latest_blockhash != other.latest_blockhash


def test_clock_sysvar_follows_slots() -> None:
    bank = Bank(slot_ms=400, start_time=1_000_000)
    bank.warp(432_005)
    clock = bank.clock
    assert clock.slot == bank.slot == 432_005
    assert clock.epoch == 1
    assert clock.leader_schedule_epoch == 2
    assert clock.unix_timestamp == bank.unix_time == 1_000_000 + 432_005 * 400 // 1000
    assert clock.epoch_start_timestamp == 1_000_000 + 432_000 * 400 // 1000
    account = bank.account(CLOCK)
    assert account is not None
    assert int.from_bytes(account.data[:8], "little") == 432_005


def test_warp_skips_slots_without_ageing_blockhashes(bank: Bank) -> None:
    blockhash = bank.latest_blockhash
    bank.warp(10_000)
    assert (bank.slot, bank.block_height) == (10_000, 2)
    assert [slot for slot, _ in sysvar_slot_hashes(bank)] == [1, 0]
    assert bank.block(9_999) is None
    assert bank.is_blockhash_valid(blockhash)
    bank.advance()
    closed = bank.block(10_000)
    assert closed is not None
    assert (closed.parent_slot, closed.height) == (1, 2)


@pytest.mark.parametrize("slot", [0, 1])
def test_warp_refuses_to_go_back(bank: Bank, slot: int) -> None:
    with pytest.raises(ValueError, match="not after the open slot 1"):
        bank.warp(slot)
    assert (bank.slot, bank.block_height) == (1, 1)


def test_advance_refuses_to_stand_still(bank: Bank) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        bank.advance(0)
    assert bank.slot == 1


def test_slot_length_must_be_positive() -> None:
    with pytest.raises(ValueError, match="slot_ms is 0"):
        Bank(slot_ms=0)


def send_with(bank: Bank, payer: Keypair, lamports: int, blockhash: Hash) -> object:
    instruction = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=payer.pubkey(), lamports=lamports)
    )
    message = MessageV0.try_compile(payer.pubkey(), [instruction], [], blockhash)
    return bank.send(VersionedTransaction(message, [payer])).err


def test_blockhash_is_accepted_for_150_blocks_exactly(bank: Bank, payer: Keypair) -> None:
    blockhash = bank.latest_blockhash
    last_valid = bank.last_valid_block_height(blockhash)
    assert last_valid == 150
    bank.advance(last_valid - bank.block_height - 1)
    assert send_with(bank, payer, 1, blockhash) is None
    bank.advance()
    assert bank.block_height == last_valid
    assert send_with(bank, payer, 2, blockhash) is None
    bank.advance()
    before = bank.balance(payer.pubkey())
    assert send_with(bank, payer, 3, blockhash) == "BlockhashNotFound"
    assert bank.balance(payer.pubkey()) == before


def test_unknown_blockhash_is_refused(bank: Bank, payer: Keypair) -> None:
    assert bank.last_valid_block_height(Hash.default()) is None
    assert send_with(bank, payer, 1, Hash.default()) == "BlockhashNotFound"
