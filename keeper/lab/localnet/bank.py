"""The deterministic core: one ledger in memory, driven by calls alone."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solders.account import Account
from solders.clock import Clock
from solders.compute_budget import set_compute_unit_limit
from solders.epoch_schedule import EpochSchedule
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer
from solders.sysvar import CLOCK, SLOT_HASHES
from solders.transaction import Transaction, VersionedTransaction

from .accounts import AccountsAt, AccountStore
from .events import AccountsChanged, Event, SlotOpened, TransactionLanded
from .execution import Executor, Simulation, as_versioned
from .ledger import Ledger, TransactionRecord
from .slots import Block, SlotChain
from .versions import Versions

DEFAULT_SLOT_MS = 400
DEFAULT_SEED = bytes(32)
DEFAULT_START_TIME = 1_700_000_000

_FAUCET_LAMPORTS = 500_000_000 * 10**9
_FAUCET_UNITS = 200_000
_SLOT_SYSVARS = (CLOCK, SLOT_HASHES)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that a bank goes back to."""

    accounts: Mapping[Pubkey, Account]
    versions: Versions
    chain: SlotChain
    ledger: Ledger
    faucet_sends: int


class Bank:
    """LiteSVM with the cluster's slots, blockhashes, sysvars, history and account lists.

    Every method is synchronous and nothing happens between calls. `programs` maps program ids to
    sBPF ELF files; `slot_ms` is the length of a slot on the on-chain clock, which starts at
    `start_time` (Unix seconds). Equal arguments and equal calls give equal states; `seed` sets
    genesis hash, blockhashes, slot hashes and the faucet's key. The accounts of the
    `remembered_blocks` newest blocks can be read as they were. Raises ProgramLoadError.

    Unlike a cluster it has no rewards, votes, forks, priority fees or durable nonces, and drops a
    transaction whose program does not exist instead of charging for it.
    """

    def __init__(
        self,
        *,
        programs: Mapping[Pubkey, Path] | None = None,
        seed: bytes = DEFAULT_SEED,
        slot_ms: int = DEFAULT_SLOT_MS,
        start_time: int = DEFAULT_START_TIME,
        remembered_blocks: int = 0,
    ) -> None:
        if slot_ms <= 0:
            raise ValueError(f"slot_ms is {slot_ms}; give a positive number of milliseconds")
        # LiteSVM knows one blockhash at a time and forgets it on request; ages, signatures and
        # duplicates are checked by the executor before LiteSVM sees a transaction.
        self._svm = (
            LiteSVM().with_sigverify(False).with_blockhash_check(False).with_transaction_history(0)
        )
        self._svm.set_epoch_schedule(EpochSchedule.without_warmup())
        self._chain = SlotChain(seed=seed, start_time=start_time, slot_ms=slot_ms)
        self._ledger = Ledger()
        self._accounts = AccountStore(self._svm, Versions(remembered_blocks))
        self._executor = Executor(self._svm, self._accounts, self._chain, self._ledger)
        self._listeners: list[Callable[[Event], None]] = []
        self._faucet_sends = 0
        self.slot_ms = slot_ms
        self.faucet = Keypair.from_seed(hashlib.sha256(b"faucet" + seed).digest())
        self._accounts.versions.open(self.slot)
        self._write_sysvars()
        self.set_account(self.faucet.pubkey(), Account(_FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM))
        for program_id, path in (programs or {}).items():
            self.add_program(program_id, path)

    @property
    def slot(self) -> int:
        """Returns the open slot, in which the next transaction lands."""
        return self._chain.slot

    @property
    def block_height(self) -> int:
        """Returns the height of the open block."""
        return self._chain.block_height

    @property
    def clock(self) -> Clock:
        """Returns the Clock sysvar as programs see it."""
        return self._svm.get_clock()

    @property
    def unix_time(self) -> int:
        """Returns the on-chain clock in Unix seconds."""
        return self._chain.time_of(self.slot)

    @property
    def epoch_schedule(self) -> EpochSchedule:
        """432,000 slots an epoch, no warm-up."""
        return self._svm.get_epoch_schedule()

    @property
    def genesis_hash(self) -> Hash:
        """Identifies this ledger."""
        return self._chain.genesis_hash

    @property
    def latest_blockhash(self) -> Hash:
        """Returns the hash of the last closed block, which a new transaction must carry."""
        return self._chain.latest_blockhash

    def latest_blockhash_at(self, height: int) -> Hash:
        """Returns the newest hash that the block at `height` accepts."""
        return self._chain.latest_blockhash_at(height)

    def last_valid_block_height(self, blockhash: Hash) -> int | None:
        """Returns the last block height at which `blockhash` is accepted; None if it is unknown."""
        return self._chain.last_valid_block_height(blockhash)

    def is_blockhash_valid(self, blockhash: Hash, height: int | None = None) -> bool:
        """Returns whether the block at `height`, by default the open one, accepts `blockhash`."""
        return self._chain.is_valid(blockhash, height)

    def slot_at(self, height: int) -> int:
        """Returns the slot of the block at `height`."""
        return self._chain.slot_at(height)

    def block(self, slot: int) -> Block | None:
        """Returns the closed block of `slot`; None if open, to come, or skipped."""
        return self._chain.block(slot)

    def blocks_between(self, first: int, last: int) -> list[Block]:
        """Returns the closed blocks of the slots `first` to `last`, both included."""
        return self._chain.blocks_between(first, last)

    def slot_hashes(self) -> list[tuple[int, Hash]]:
        """Returns the SlotHashes sysvar: (slot, hash) of up to 512 closed blocks, newest first."""
        return self._chain.slot_hashes()

    def advance(self, slots: int = 1) -> None:
        """Close `slots` blocks, one a slot. Raises ValueError if `slots` is below 1."""
        if slots < 1:
            raise ValueError(f"cannot advance by {slots} slots; give at least 1")
        for _ in range(slots):
            self._close_block(self.slot + 1)
            if self._accounts.versions.remembers:
                self._write_sysvars()
        self._write_sysvars()

    def warp(self, slot: int) -> None:
        """Close the open block and open `slot`, as if every slot between had been skipped.

        Blockhashes age by one block only, and skipped slots never appear in SlotHashes. Raises
        ValueError if `slot` is not after the open slot.
        """
        self._close_block(slot)
        self._write_sysvars()

    def account(self, pubkey: Pubkey) -> Account | None:
        """Returns the account, or None where there are no lamports."""
        return self._accounts.get(pubkey)

    def balance(self, pubkey: Pubkey) -> int:
        """Returns the lamports of `pubkey`, 0 if there is no account."""
        return self._accounts.balance(pubkey)

    def accounts_at(self, slot: int) -> AccountsAt:
        """Returns the accounts at the end of `slot`, or as they are if it is open or forgotten."""
        return AccountsAt(slot, self._accounts)

    def program_accounts(self, program_id: Pubkey) -> list[tuple[Pubkey, Account]]:
        """Returns the accounts owned by `program_id`, in the order of their addresses.

        Lists what was written on this ledger, not the built-in programs and sysvars.
        """
        return self._accounts.owned_by(program_id)

    def rent_exempt_minimum(self, data_len: int) -> int:
        """Returns the lamports that keep an account of `data_len` bytes."""
        return self._svm.minimum_balance_for_rent_exemption(data_len)

    def set_account(self, pubkey: Pubkey, account: Account) -> None:
        """Write an account outside any transaction; zero lamports remove it."""
        self._accounts.put(pubkey, account)
        self._notify(AccountsChanged(self.slot, ((pubkey, self.account(pubkey)),)))

    def checkpoint(self) -> Checkpoint:
        """Returns the ledger as it is now. Programs are not part of it."""
        return Checkpoint(
            self._accounts.saved(),
            self._accounts.versions.copy(),
            self._chain.copy(),
            self._ledger.copy(),
            self._faucet_sends,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back: equal calls from here give equal states. Listeners are told nothing."""
        self._accounts.restore(checkpoint.accounts)
        self._accounts.versions = checkpoint.versions.copy()
        self._chain, self._ledger = checkpoint.chain.copy(), checkpoint.ledger.copy()
        self._executor = Executor(self._svm, self._accounts, self._chain, self._ledger)
        self._faucet_sends = checkpoint.faucet_sends
        self._write_sysvars()

    def add_program(self, program_id: Pubkey, path: Path) -> None:
        """Load the sBPF ELF file at `path`. Raises ProgramLoadError."""
        self._accounts.add_program(program_id, path)

    def record(self, signature: Signature) -> TransactionRecord | None:
        """Returns the landed transaction of `signature`, or None."""
        return self._ledger.get(signature)

    def history(self, address: Pubkey) -> list[TransactionRecord]:
        """Returns the landed transactions that name `address`, newest first."""
        return list(self._ledger.of_address(address))

    @property
    def transaction_count(self) -> int:
        """Returns the landed transactions since genesis."""
        return len(self._ledger)

    def transactions_until(self, slot: int) -> int:
        """Returns the transactions that landed up to the end of `slot`."""
        closed = self._chain.blocks_between(slot + 1, self.slot)
        pending = self._ledger.open_block_size if slot < self.slot else 0
        return len(self._ledger) - pending - sum(len(block.signatures) for block in closed)

    def send(self, transaction: VersionedTransaction | Transaction) -> TransactionRecord:
        """Execute `transaction` in the open slot.

        A failed transaction pays its fee and is recorded with its `err`; one that the cluster
        would drop comes back with `landed` false and changes nothing. Raises
        TransactionTooLargeError.
        """
        record = self._executor.execute(as_versioned(transaction))
        if record.landed:
            self._notify(AccountsChanged(record.slot, self._written(record)))
            self._notify(TransactionLanded(record))
        return record

    def execute(
        self, instructions: Sequence[Instruction], signers: Sequence[Keypair]
    ) -> TransactionRecord:
        """Send `instructions` with the latest blockhash; the first signer pays the fee.

        The same instructions twice in one slot are one transaction: `AlreadyProcessed`.
        """
        message = MessageV0.try_compile(
            signers[0].pubkey(), instructions, [], self.latest_blockhash
        )
        return self.send(VersionedTransaction(message, signers))

    def simulate(
        self,
        transaction: VersionedTransaction | Transaction,
        *,
        verify_signatures: bool = False,
        replace_blockhash: bool = False,
        height: int | None = None,
    ) -> Simulation:
        """Execute `transaction` without effect, at the end of the block at `height`.

        By default that is the open block. Raises TransactionTooLargeError.
        """
        at = self.block_height if height is None else height
        with self._accounts.as_of(self.slot_at(at)):
            return self._executor.simulate(
                as_versioned(transaction),
                verify_signatures=verify_signatures,
                replace_blockhash=replace_blockhash,
                height=at,
            )

    def execute_as_faucet(
        self, instructions: Sequence[Instruction], signers: Sequence[Keypair] = ()
    ) -> TransactionRecord:
        """Like `execute`, paid by the faucet; equal calls in one slot stay distinct."""
        # A distinct unit limit makes a distinct message, so that no call is taken for a duplicate.
        self._faucet_sends = (self._faucet_sends + 1) % 1_000_000
        limit = set_compute_unit_limit(_FAUCET_UNITS + self._faucet_sends)
        return self.execute([limit, *instructions], [self.faucet, *signers])

    def airdrop(self, pubkey: Pubkey, lamports: int) -> TransactionRecord:
        """Transfer `lamports` from the faucet to `pubkey`."""
        return self.execute_as_faucet(
            [
                transfer(
                    TransferParams(
                        from_pubkey=self.faucet.pubkey(), to_pubkey=pubkey, lamports=lamports
                    )
                )
            ]
        )

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every later event; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _notify(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _written(self, record: TransactionRecord) -> tuple[tuple[Pubkey, Account | None], ...]:
        written = [0] if record.err is not None else sorted(record.keys.writable)
        return tuple((key, self.account(key)) for key in (record.keys.all[i] for i in written))

    def _close_block(self, next_slot: int) -> None:
        if next_slot <= self.slot:
            raise ValueError(f"slot {next_slot} is not after the open slot {self.slot}")
        closed = self._chain.close(self._ledger.take_open_block(), next_slot=next_slot)
        self._accounts.versions.open(next_slot)
        self._notify(SlotOpened(slot=next_slot, parent=closed.slot))

    def _write_sysvars(self) -> None:
        self._accounts.note(_SLOT_SYSVARS)
        slot = self.slot
        schedule = self.epoch_schedule
        epoch = schedule.get_epoch(slot)
        first_slot = schedule.get_first_slot_in_epoch(epoch)
        self._svm.set_clock(
            Clock(
                slot=slot,
                epoch_start_timestamp=self._chain.time_of(first_slot),
                epoch=epoch,
                leader_schedule_epoch=schedule.get_leader_schedule_epoch(slot),
                unix_timestamp=self._chain.time_of(slot),
            )
        )
        self._svm.set_slot_hashes(self._chain.slot_hashes())
