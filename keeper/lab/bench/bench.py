"""A bank with the programs deployed, and the roles' own decisions played on it slot by slot."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.token.state import TokenAccount

from idl.client import Account, associated_token_address, escrow, job_registry, staking, verdict
from keeper.chain.errors import transaction_failure
from keeper.exact.decisions import crank as crank_rules
from keeper.exact.decisions.crank import CrankSnapshot, Epochs
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.accounts import job_of, verdict_of
from keeper.exact.roles.transactions import Context, instruction
from keeper.lab.localnet import Bank, TransactionRecord
from keeper.lab.localnet.deployment import (
    LOCALNET_PARAMETERS,
    built_programs,
    deploy_localnet,
    localnet_keypair,
    localnet_mint,
)
from keeper.node.accounts import escrow_of
from keeper.node.decisions.actions import Action, Wait
from keeper.node.decisions.clock import Clock

AccountType = TypeVar("AccountType", bound=Account)

NLOV = 10**9
LAMPORTS = 100 * 10**9
TOKENS = 100_000 * NLOV
STAKE = 50_000 * NLOV
NO_CHORES = 1 << 62


@dataclass(slots=True)
class Bench:
    """Deterministic: equal runs measure equal units."""

    bank: Bank = field(default_factory=lambda: Bank(programs=built_programs()))
    records: list[TransactionRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        deploy_localnet(self.bank)
        self.records += self.bank.history(staking.ID)
        self.records += self.bank.history(escrow.ID)
        self.records += self.bank.history(job_registry.ID)
        self.records += self.bank.history(verdict.ID)

    def actor(self, name: str) -> Keypair:
        """A funded key."""
        key = localnet_keypair(name)
        self.bank.airdrop(key.pubkey(), LAMPORTS)
        localnet_mint().mint_to(self.bank, key.pubkey(), TOKENS)
        return key

    def tokens(self, owner: Pubkey) -> Pubkey:
        """The owner's $NLOV account."""
        return associated_token_address(owner, localnet_mint().address)

    def send(
        self, payer: Keypair, *instructions: Instruction, also: tuple[Keypair, ...] = ()
    ) -> TransactionRecord:
        """Execute in the next slot; raises ChainError when a program refuses."""
        self.bank.advance()
        record = self.bank.execute(instructions, [payer, *also])
        if not record.ok:
            programs = [each.program_id for each in instructions]
            raise transaction_failure(record.err, logs=record.logs, programs=programs)
        self.records.append(record)
        return record

    def stake(self, owner: Keypair) -> None:
        """Stake as much as every role needs."""
        address = owner.pubkey()
        self.send(owner, staking.open_position(owner=address))
        staked = staking.stake(amount=STAKE, owner=address, source=self.tokens(address))
        self.send(owner, staked)

    def until(self, slot: int) -> None:
        """Let slots pass."""
        if slot > self.bank.slot:
            self.bank.warp(slot)

    def act(self, payer: Keypair, action: Action, job: Pubkey | None = None) -> TransactionRecord:
        """Carry out a role's action."""
        view = self.view(job) if job is not None else None
        treasury = self.tokens(localnet_keypair("treasury").pubkey())
        context = Context(payer.pubkey(), localnet_mint().address, treasury, view)
        return self.send(payer, instruction(action, context))

    def crank_to_the_end(self, payer: Keypair, job: Pubkey) -> Iterator[TransactionRecord]:
        """Take the crank's steps as they open until the job has ended and its fee is collected."""
        rules = LOCALNET_PARAMETERS
        while True:
            snapshot = CrankSnapshot(
                owner=payer.pubkey(),
                jobs=(self.view(job),),
                epochs=Epochs(NO_CHORES, 0, 0, 0),
                salt_slots=rules.verdict.salt_slots,
                trap_slots=rules.verdict.trap_slots,
                max_attempts=rules.job_registry.max_attempts,
            )
            step = crank_rules.next_action(snapshot, Clock(self.bank.slot + 1))
            if not isinstance(step, Wait):
                yield self.act(payer, step, job)
            elif step.until is None or step.until >= NO_CHORES:
                return
            else:
                self.until(step.until - 1)

    def view(self, job: Pubkey) -> JobSnapshot:
        """The job as the domain sees it."""
        judged = self.fetch(verdict.Verdict, verdict.verdict_address(job))
        money = self.fetch(escrow.Escrow, escrow.escrow_address(job))
        vault = self.bank.account(escrow.vault_address(job))
        balance = TokenAccount.from_bytes(bytes(vault.data)).amount if vault is not None else 0
        account = self.fetch(job_registry.Job, job)
        if account is None:
            raise LookupError(job)
        return JobSnapshot(
            job=job_of(job, account),
            verdict=None if judged is None else verdict_of(judged),
            escrow=None if money is None else escrow_of(money, balance),
        )

    def fetch(self, kind: type[AccountType], address: Pubkey) -> AccountType | None:
        """A typed account, None where there is none."""
        raw = self.bank.account(address)
        return None if raw is None else kind.decode(bytes(raw.data), owner=raw.owner)


def secret(*parts: object) -> bytes:
    """32 bytes that only depend on the parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()
