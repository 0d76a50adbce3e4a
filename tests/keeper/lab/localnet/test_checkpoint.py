from solders.account import Account
from solders.keypair import Keypair
from solders.system_program import ID as SYSTEM_PROGRAM

from keeper.lab.localnet import Bank, TransactionRecord

from .conftest import SOL, keypair
from .test_bank import pay


def _go_on(bank: Bank, payer: Keypair) -> list[TransactionRecord]:
    """A future: payments by payer and faucet in three blocks."""
    records = []
    for amount in (1, 2, 3):
        records.append(bank.execute([pay(payer, keypair(9).pubkey(), amount * SOL)], [payer]))
        records.append(bank.airdrop(keypair(8).pubkey(), SOL))
        bank.advance()
    return records


def test_equal_calls_after_going_back_give_equal_states(bank: Bank, payer: Keypair) -> None:
    bank.advance(3)
    start = bank.checkpoint()
    first = _go_on(bank, payer)
    ends = (bank.slot, bank.slot_hashes(), bank.latest_blockhash, bank.balance(payer.pubkey()))
    bank.restore(start)
    assert bank.transaction_count == 1
    assert _go_on(bank, payer) == first
    assert ends == (
        bank.slot,
        bank.slot_hashes(),
        bank.latest_blockhash,
        bank.balance(payer.pubkey()),
    )


def test_going_back_undoes_what_was_written_closed_and_recorded(bank: Bank, payer: Keypair) -> None:
    kept, closed, created = (keypair(number).pubkey() for number in (5, 6, 7))
    bank.set_account(kept, Account(SOL, b"before", SYSTEM_PROGRAM))
    bank.set_account(closed, Account(SOL, b"closed", SYSTEM_PROGRAM))
    start = bank.checkpoint()
    bank.set_account(kept, Account(SOL, b"after", keypair(4).pubkey()))
    bank.set_account(closed, Account(0, b"", SYSTEM_PROGRAM))
    record = bank.execute([pay(payer, created, SOL)], [payer])
    bank.advance(200)
    for _ in range(2):
        bank.restore(start)
        assert bank.account(kept) == Account(SOL, b"before", SYSTEM_PROGRAM)
        assert bank.account(closed) == Account(SOL, b"closed", SYSTEM_PROGRAM)
        assert bank.account(created) is None
        assert created not in [key for key, _ in bank.program_accounts(SYSTEM_PROGRAM)]
        assert not bank.program_accounts(keypair(4).pubkey())
        assert bank.record(record.signature) is None
        assert bank.history(created) == []
        assert (bank.slot, bank.clock.slot) == (1, 1)
        assert bank.send(record.transaction) == record
