"""A sandbox that measures: every transaction is kept, and the node's own crank plays the jobs."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.exact.decisions import crank as crank_rules
from keeper.exact.decisions.crank import CrankSnapshot, Epochs
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.accounts import job_of, verdict_of
from keeper.exact.roles.context import Context, exposed_owner, reported_seat
from keeper.exact.roles.transactions import instruction
from keeper.lab.localnet import TransactionRecord
from keeper.lab.market import stakers
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import ACTOR_LAMPORTS, Sandbox
from keeper.node.accounts import escrow_of
from keeper.node.decisions.actions import Action, Wait
from keeper.node.decisions.clock import Clock
from neurolov_client import PROGRAM_IDS, escrow, job_registry, staking, verdict

TOKENS: Final = 100_000 * NLOV
STAKE: Final = 50_000 * NLOV
_NO_CHORES: Final = 1 << 62


class RecordingSandbox(Sandbox):
    """A sandbox whose `records` are all transactions of the programs, deployment included.

    Each transaction has a slot of its own, and slots in which nothing happens are skipped. Equal
    runs measure equal units.
    """

    def __init__(self) -> None:
        super().__init__()
        self.records: list[TransactionRecord] = []
        for program in PROGRAM_IDS.values():
            self.records += self.bank.history(program)

    def execute(
        self, instructions: Sequence[Instruction], signers: Iterable[Actor | Keypair] = ()
    ) -> TransactionRecord:
        """Executes in the next slot, and returns the record."""
        self.bank.advance()
        record = super().execute(instructions, signers)
        if record.ok:
            self.records.append(record)
        return record

    def warp(self, slots: int) -> None:
        """Skips slots."""
        if slots > 0:
            self.bank.warp(self.slot + slots)

    def person(self, name: str) -> Actor:
        """Returns the actor of this name, given more at each call than any role needs."""
        actor = self._actors.get(name) or self._adopted(name, self.keypair(name))
        self.bank.airdrop(actor.key, ACTOR_LAMPORTS)
        self.mint_to(actor, TOKENS)
        return actor

    def stake(self, owner: Actor, amount: int = STAKE) -> None:
        """Opens a position and stakes `amount` base units, by default what every role needs."""
        self.send(staking.open_position(owner=owner.key), signers=[owner])
        stakers.stake(self, owner, amount)

    def act(self, owner: Actor, action: Action, job: Pubkey | None = None) -> TransactionRecord:
        """Carries out an action as the node of `owner` would, and returns the record."""
        view = self.view(job) if job is not None else None
        context = Context(
            signer=owner.key,
            owner=owner.key,
            mint=self.mint,
            current=self.fetch(staking.Terms, self.terms),
            view=view,
            payer=self._payer(action, view),
            holder=self._holder(action, view),
        )
        return self.send(instruction(action, context), signers=[owner]).record

    def _payer(self, action: Action, view: JobSnapshot | None) -> Pubkey | None:
        owner = exposed_owner(action, view)
        if owner is None or view is None:
            return None
        address = staking.exposure_address(view.address, owner)
        exposure = self.find(staking.Exposure, address)
        return None if exposure is None else exposure.payer

    def _holder(self, action: Action, view: JobSnapshot | None) -> Pubkey | None:
        seat = reported_seat(action, view)
        held = None if seat is None else self.find(staking.Seat, staking.seat_address(seat))
        return None if held is None else held.owner

    def crank_to_the_end(self, owner: Actor, job: Pubkey) -> None:
        """Takes the crank's steps as they fall due, until the job's fee is collected."""
        while True:
            snapshot = CrankSnapshot(
                owner=owner.key,
                jobs=(self.view(job),),
                epochs=Epochs(_NO_CHORES, 0, 0, 0),
            )
            step = crank_rules.next_action(snapshot, Clock(self.slot + 1))
            if not isinstance(step, Wait):
                self.act(owner, step, job)
            elif step.until is None or step.until >= _NO_CHORES:
                return
            else:
                self.warp_to(step.until - 1)

    def view(self, job: Pubkey) -> JobSnapshot:
        """Returns the job as the node's decisions see it; raises LookupError without one."""
        judged = self.find(verdict.Verdict, verdict.verdict_address(job))
        money = self.find(escrow.Escrow, escrow.escrow_address(job))
        balance = self.tokens(escrow.vault_address(job))
        posted = self.fetch(job_registry.Job, job)
        kept = self.fetch(staking.Terms, staking.terms_address(posted.terms))
        return JobSnapshot(
            job=job_of(job, posted),
            verdict=None if judged is None else verdict_of(judged),
            escrow=None if money is None else escrow_of(money, balance),
            parameters=kept.parameters,
        )


def secret(*parts: object) -> bytes:
    """Returns 32 bytes that depend only on the parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()
