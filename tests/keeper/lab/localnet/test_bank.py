import struct
from pathlib import Path

import pytest
from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import CloseAccountParams, close_account

from keeper.lab.localnet import (
    AccountsChanged,
    Bank,
    Event,
    ProgramLoadError,
    SlotOpened,
    TokenMint,
    TransactionLanded,
    TransactionRecord,
    TransactionTooLargeError,
)

from .conftest import SOL, keypair

MEMO_PROGRAM = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
LOOKUP_TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
SIGNATURE_FEE = 5_000

# Type 1, never deactivated, extended at slot 0 from index 0, no authority, padded to 56 bytes.
LOOKUP_TABLE_META = struct.pack("<IQQBB32sH", 1, 2**64 - 1, 0, 0, 0, bytes(32), 0)


def pay(payer: Keypair, to: Pubkey, lamports: int) -> Instruction:
    return transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports))


def memo(text: bytes, program: Pubkey = MEMO_PROGRAM) -> Instruction:
    return Instruction(program, text, [])


@pytest.fixture
def memo_elf(bank: Bank, tmp_path: Path) -> Path:
    """The memo program that LiteSVM brings, as a file."""
    account = bank.account(MEMO_PROGRAM)
    assert account is not None
    path = tmp_path / "memo.so"
    path.write_bytes(account.data)
    return path


def test_transfer_moves_lamports_and_charges_the_fee(bank: Bank, payer: Keypair) -> None:
    receiver = keypair(9).pubkey()
    before = bank.balance(payer.pubkey())
    record = bank.execute([pay(payer, receiver, SOL)], [payer])
    assert record.ok
    assert record.landed
    assert (record.fee, record.units, record.slot) == (SIGNATURE_FEE, 150, 1)
    assert bank.balance(receiver) == SOL
    assert bank.balance(payer.pubkey()) == before - SOL - SIGNATURE_FEE
    assert record.pre_balances == (before, 0, 1)
    assert record.post_balances == (before - SOL - SIGNATURE_FEE, SOL, 1)
    assert bank.record(record.signature) is record
    assert [one.signature for one in bank.history(receiver)] == [record.signature]


def test_legacy_transaction_is_taken(bank: Bank, payer: Keypair) -> None:
    receiver = keypair(9).pubkey()
    message = Message.new_with_blockhash(
        [pay(payer, receiver, SOL)], payer.pubkey(), bank.latest_blockhash
    )
    assert bank.send(Transaction([payer], message, bank.latest_blockhash)).ok
    assert bank.balance(receiver) == SOL


def test_failed_transaction_pays_its_fee_and_changes_nothing_else(
    bank: Bank, payer: Keypair
) -> None:
    receiver = keypair(9).pubkey()
    before = bank.balance(payer.pubkey())
    record = bank.execute([pay(payer, receiver, SOL), pay(payer, receiver, 100 * SOL)], [payer])
    assert record.landed
    assert record.err == {"InstructionError": [1, {"Custom": 1}]}
    assert record.custom_error == 1
    assert any("insufficient lamports" in line for line in record.logs)
    assert bank.balance(receiver) == 0
    assert bank.balance(payer.pubkey()) == before - SIGNATURE_FEE
    assert bank.record(record.signature) is record


def test_transaction_without_funds_for_its_fee_is_dropped(bank: Bank) -> None:
    poor = keypair(9)
    record = bank.execute([pay(poor, poor.pubkey(), 1)], [poor])
    assert (record.landed, record.err) == (False, "AccountNotFound")
    assert bank.record(record.signature) is None
    assert bank.history(poor.pubkey()) == []


def test_duplicate_is_refused_even_after_a_failure(bank: Bank, payer: Keypair) -> None:
    for lamports in (SOL, 100 * SOL):
        first = bank.execute([pay(payer, keypair(9).pubkey(), lamports)], [payer])
        before = bank.balance(payer.pubkey())
        again = bank.send(first.transaction)
        assert (again.landed, again.err) == (False, "AlreadyProcessed")
        assert bank.balance(payer.pubkey()) == before
        assert bank.record(first.signature) is first


def test_duplicate_after_expiry_is_told_as_expired(bank: Bank, payer: Keypair) -> None:
    first = bank.execute([pay(payer, keypair(9).pubkey(), SOL)], [payer])
    bank.advance(200)
    assert bank.send(first.transaction).err == "BlockhashNotFound"


def test_airdrops_of_one_slot_are_distinct(bank: Bank) -> None:
    receiver = keypair(9).pubkey()
    first, second = bank.airdrop(receiver, SOL), bank.airdrop(receiver, SOL)
    assert first.signature != second.signature
    assert bank.balance(receiver) == 2 * SOL


def test_wrong_signature_is_refused(bank: Bank, payer: Keypair) -> None:
    message = MessageV0.try_compile(
        payer.pubkey(), [pay(payer, keypair(9).pubkey(), SOL)], [], bank.latest_blockhash
    )
    before = bank.balance(payer.pubkey())
    forged = VersionedTransaction.populate(message, [Signature.default()])
    record = bank.send(forged)
    assert (record.landed, record.err) == (False, "SignatureFailure")
    assert bank.balance(payer.pubkey()) == before


def test_missing_signature_is_refused(bank: Bank, payer: Keypair) -> None:
    message = MessageV0.try_compile(payer.pubkey(), [memo(b"x")], [], bank.latest_blockhash)
    record = bank.send(VersionedTransaction.populate(message, []))
    assert (record.landed, record.err) == (False, "SanitizeFailure")


def test_transaction_beyond_a_packet_is_refused(bank: Bank, payer: Keypair) -> None:
    before = bank.balance(payer.pubkey())
    with pytest.raises(TransactionTooLargeError, match="a packet holds 1232: split it"):
        bank.execute([memo(b"x" * 1_200)], [payer])
    assert bank.balance(payer.pubkey()) == before


def lookup_table(bank: Bank, size: int) -> AddressLookupTableAccount:
    """A table of `size` made-up addresses, as an account of its program."""
    key = keypair(7).pubkey()
    addresses = [Pubkey.from_bytes(number.to_bytes(32, "big")) for number in range(1, size + 1)]
    data = LOOKUP_TABLE_META + b"".join(bytes(address) for address in addresses)
    bank.set_account(key, Account(SOL, data, LOOKUP_TABLE_PROGRAM))
    return AddressLookupTableAccount(key, addresses)


def send_through_table(
    bank: Bank, payer: Keypair, table: AddressLookupTableAccount, instruction: Instruction
) -> TransactionRecord:
    message = MessageV0.try_compile(payer.pubkey(), [instruction], [table], bank.latest_blockhash)
    assert len(message.address_table_lookups) == 1
    return bank.send(VersionedTransaction(message, [payer]))


def test_addresses_are_loaded_from_a_lookup_table(bank: Bank, payer: Keypair) -> None:
    table = lookup_table(bank, 3)
    receiver = table.addresses[1]
    record = send_through_table(bank, payer, table, pay(payer, receiver, SOL))
    assert record.ok
    assert record.keys.loaded_writable == (receiver,)
    assert bank.balance(receiver) == SOL
    assert receiver in dict(bank.program_accounts(SYSTEM_PROGRAM))
    assert bank.history(receiver) == [record]


def test_lookup_table_that_does_not_exist_is_refused(bank: Bank, payer: Keypair) -> None:
    table = AddressLookupTableAccount(keypair(7).pubkey(), [keypair(9).pubkey()])
    record = send_through_table(bank, payer, table, pay(payer, keypair(9).pubkey(), SOL))
    assert (record.landed, record.err) == (False, "AddressLookupTableNotFound")
    assert bank.account(keypair(9).pubkey()) is None


def test_more_than_64_accounts_are_refused(bank: Bank, payer: Keypair) -> None:
    table = lookup_table(bank, 100)
    metas = [AccountMeta(key, False, False) for key in table.addresses[:63]]
    record = send_through_table(bank, payer, table, Instruction(MEMO_PROGRAM, b"x", metas))
    assert (record.landed, record.err) == (False, "TooManyAccountLocks")


def test_account_named_twice_is_refused(bank: Bank, payer: Keypair) -> None:
    key = payer.pubkey()
    compiled = MessageV0.try_compile(key, [memo(b"x")], [], bank.latest_blockhash)
    twice = MessageV0(
        compiled.header,
        [key, MEMO_PROGRAM, MEMO_PROGRAM],
        compiled.recent_blockhash,
        compiled.instructions,
        [],
    )
    record = bank.send(VersionedTransaction(twice, [payer]))
    assert (record.landed, record.err) == (False, "AccountLoadedTwice")


def test_account_below_rent_is_not_created(bank: Bank, payer: Keypair) -> None:
    receiver = keypair(9).pubkey()
    before = bank.balance(payer.pubkey())
    minimum = bank.rent_exempt_minimum(0)
    simulated = MessageV0.try_compile(
        payer.pubkey(), [pay(payer, receiver, minimum - 1)], [], bank.latest_blockhash
    )
    expected = {"InsufficientFundsForRent": {"account_index": 1}}
    assert bank.simulate(VersionedTransaction(simulated, [payer])).err == expected
    record = bank.execute([pay(payer, receiver, minimum - 1)], [payer])
    assert (record.landed, record.err, record.fee) == (True, expected, SIGNATURE_FEE)
    assert bank.account(receiver) is None
    assert bank.balance(payer.pubkey()) == before - SIGNATURE_FEE
    assert bank.execute([pay(payer, receiver, minimum)], [payer]).ok
    assert bank.balance(receiver) == minimum


def test_account_below_rent_may_shrink_but_not_grow(bank: Bank, payer: Keypair) -> None:
    old = keypair(9)
    bank.set_account(old.pubkey(), Account(1_000, b"", SYSTEM_PROGRAM))
    assert bank.execute([pay(old, payer.pubkey(), 10)], [payer, old]).ok
    record = bank.execute([pay(payer, old.pubkey(), 20)], [payer])
    assert record.err == {"InsufficientFundsForRent": {"account_index": 1}}
    assert bank.balance(old.pubkey()) == 990


def test_closed_account_vanishes_and_leaves_its_program(
    bank: Bank, payer: Keypair, mint: TokenMint
) -> None:
    account = mint.token_account(payer.pubkey())
    assert mint.mint_to(bank, payer.pubkey(), 0).ok
    assert account in dict(bank.program_accounts(TOKEN_PROGRAM_ID))
    record = bank.execute(
        [
            close_account(
                CloseAccountParams(TOKEN_PROGRAM_ID, account, payer.pubkey(), payer.pubkey(), [])
            )
        ],
        [payer],
    )
    assert record.ok
    assert bank.account(account) is None
    assert [key for key, _ in bank.program_accounts(TOKEN_PROGRAM_ID)] == [mint.address]


def test_account_without_lamports_loses_data_and_owner(bank: Bank, payer: Keypair) -> None:
    key = keypair(9).pubkey()
    bank.set_account(key, Account(0, b"stale", TOKEN_PROGRAM_ID))
    assert bank.account(key) is None
    assert bank.execute([pay(payer, key, SOL)], [payer]).ok
    revived = bank.account(key)
    assert revived is not None
    assert (revived.data, revived.owner) == (b"", SYSTEM_PROGRAM)


def test_program_accounts_follow_the_owner_in_address_order(bank: Bank) -> None:
    program = keypair(8).pubkey()
    keys = [Pubkey.from_bytes(bytes([number]) * 32) for number in (200, 7, 90)]
    for key in keys:
        bank.set_account(key, Account(SOL, b"x", program))
    assert [key for key, _ in bank.program_accounts(program)] == sorted(keys, key=bytes)
    bank.set_account(keys[0], Account(SOL, b"x", SYSTEM_PROGRAM))
    assert keys[0] not in dict(bank.program_accounts(program))
    assert keys[0] in dict(bank.program_accounts(SYSTEM_PROGRAM))


def test_program_is_loaded_and_runs(memo_elf: Path) -> None:
    program = keypair(8).pubkey()
    bank = Bank(programs={program: memo_elf})
    record = bank.execute_as_faucet([memo(b"hello", program)])
    assert record.ok
    assert f"Program {program} success" in record.logs
    account = bank.account(program)
    assert account is not None
    assert account.executable


def test_failing_program_is_recorded_with_its_error(memo_elf: Path) -> None:
    program = keypair(8).pubkey()
    bank = Bank(programs={program: memo_elf})
    before = bank.balance(bank.faucet.pubkey())
    record = bank.execute_as_faucet([memo(b"\xff\xff", program)])
    assert record.err == {"InstructionError": [1, "InvalidInstructionData"]}
    assert record.custom_error is None
    assert bank.balance(bank.faucet.pubkey()) == before - SIGNATURE_FEE


def test_missing_program_file_is_told() -> None:
    with pytest.raises(ProgramLoadError, match=r"cannot read nowhere\.so: No such file"):
        Bank(programs={keypair(8).pubkey(): Path("nowhere.so")})


def test_file_that_is_no_program_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text.so"
    path.write_text("no program")
    with pytest.raises(ProgramLoadError, match="is not an ELF file; rebuild it"):
        Bank(programs={keypair(8).pubkey(): path})


def test_damaged_program_is_told(memo_elf: Path) -> None:
    memo_elf.write_bytes(memo_elf.read_bytes()[:1_000])
    with pytest.raises(ProgramLoadError, match="is no sBPF program; rebuild it"):
        Bank(programs={keypair(8).pubkey(): memo_elf})


def test_program_that_does_not_exist_is_dropped(bank: Bank, payer: Keypair) -> None:
    before = bank.balance(payer.pubkey())
    record = bank.execute([memo(b"x", keypair(8).pubkey())], [payer])
    assert (record.landed, record.err) == (False, "InvalidProgramForExecution")
    assert bank.balance(payer.pubkey()) == before


def test_simulation_changes_nothing(bank: Bank, payer: Keypair) -> None:
    receiver = keypair(9).pubkey()
    message = MessageV0.try_compile(
        payer.pubkey(), [pay(payer, receiver, SOL)], [], bank.latest_blockhash
    )
    before = bank.balance(payer.pubkey())
    simulation = bank.simulate(VersionedTransaction(message, [payer]))
    assert (simulation.err, simulation.units) == (None, 150)
    assert simulation.accounts[receiver].lamports == SOL
    assert bank.balance(payer.pubkey()) == before
    assert bank.account(receiver) is None
    assert bank.transaction_count == 1


def test_listener_hears_slots_accounts_and_transactions_until_it_leaves(
    bank: Bank, payer: Keypair
) -> None:
    events: list[Event] = []
    leave = bank.listen(events.append)
    record = bank.execute([pay(payer, keypair(9).pubkey(), SOL)], [payer])
    bank.advance(2)
    changed, landed, *slots = events
    assert isinstance(changed, AccountsChanged)
    assert {key for key, _ in changed.accounts} == {payer.pubkey(), keypair(9).pubkey()}
    assert landed == TransactionLanded(record)
    assert slots == [SlotOpened(2, 1), SlotOpened(3, 2)]
    leave()
    bank.advance()
    assert len(events) == 4


def test_listener_hears_only_the_payer_of_a_failed_transaction(bank: Bank, payer: Keypair) -> None:
    events: list[Event] = []
    bank.listen(events.append)
    bank.execute([pay(payer, keypair(9).pubkey(), 100 * SOL)], [payer])
    changed = events[0]
    assert isinstance(changed, AccountsChanged)
    assert [key for key, _ in changed.accounts] == [payer.pubkey()]
