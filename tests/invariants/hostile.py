"""A thief's attempts: each must fail with the program's own error and change nothing."""

from collections.abc import Iterator

from solders.instruction import Instruction

from neurolov_client import (
    escrow,
    job_registry,
    shard_of,
    staking,
    verdict,
)
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import State
from tests.invariants.audit import Books
from tests.invariants.economy import EVEN, ODD
from tests.invariants.ledger import JobLedger
from tests.world import Actor, with_account

Attack = tuple[str, Instruction, list[Actor]]
"""The predicted error, the instructions tried, and the signers."""


class Hostile(Books):
    """Attacks that are refused in every state, and those that this state refuses."""

    def attacks(self, ledger: JobLedger | None) -> list[Attack]:
        """Returns the attacks that make sense now."""
        return [*self._on_stake(), *(self._on_job(ledger) if ledger else ())]

    def refused(self, attack: Attack) -> None:
        """Tries an attack, and asserts that it fails as predicted without a trace."""
        refusal, instruction, signers = attack
        self.attempt(refusal, instruction, signers=signers)

    def _on_stake(self) -> Iterator[Attack]:
        thief, victim = self.thief, self.verifiers[0]
        vault = staking.stake_vault_address()
        yield (
            "WrongOwner",
            staking.stake(amount=1, owner=victim.key, source=thief.tokens),
            [victim],
        )
        claim = staking.claim_rewards(owner=victim.key, destination=victim.tokens)
        yield "WrongOwner", with_account(claim, victim.tokens, thief.tokens), [victim]
        yield "WrongOwner", with_account(claim, victim.tokens, vault), [victim]
        yield (
            "WrongOwner",
            staking.fund_rewards(amount=1, funder=thief.key, source=vault),
            [thief],
        )
        yield (
            "WrongOwner",
            staking.request_unstake(
                amount=1,
                owner=thief.key,
                position=staking.position_address(victim.key),
                ticket=self._ticket(thief.key, self.view.positions[victim.key].tickets),
            ),
            [thief],
        )
        yield (
            "WrongCaller",
            staking.lock_exposure(
                amount=1,
                bond=0,
                signer=victim.key,
                authority=thief.key,
                job=thief.key,
                position=staking.position_address(victim.key),
                exposure=staking.exposure_address(thief.key, victim.key),
            ),
            [victim, thief],
        )
        for ticket in self.view.tickets.values():
            owner = self.by_key[ticket.owner]
            if self.world.slot >= ticket.available_slot:
                cash = staking.withdraw(
                    owner=owner.key,
                    destination=thief.tokens,
                    ticket=self._ticket(owner.key, ticket.id),
                )
                yield "WrongOwner", cash, [owner]
        for exposure in self.view.exposures.values():
            yield from self._on_exposure(exposure)

    def _on_exposure(self, exposure: staking.Exposure) -> Iterator[Attack]:
        thief = self.thief
        account = staking.exposure_address(exposure.job, exposure.owner)
        position = staking.position_address(exposure.owner)
        yield (
            "WrongCaller",
            staking.unlock_exposure(
                close=True,
                authority=thief.key,
                payer=exposure.payer,
                position=position,
                exposure=account,
            ),
            [thief],
        )
        yield (
            "WrongCaller",
            staking.forfeit_bond(
                authority=thief.key, position=position, exposure=account, destination=thief.tokens
            ),
            [thief],
        )
        yield (
            "WrongCaller",
            staking.slash(
                amount=1,
                burn_bps=0,
                position=position,
                exposure=account,
                mint=self.world.mint,
                destination=thief.tokens,
                authority=thief.key,
            ),
            [thief],
        )

    def _on_job(self, ledger: JobLedger) -> Iterator[Attack]:
        job, thief = ledger.job.address, self.thief
        if not ledger.closed:
            yield from self._on_open_job(ledger)
        if not ledger.escrow_closed:
            yield from self._on_escrow(ledger)
        if job in self.view.verdicts:
            found = self.verdict(ledger)
            wrong = verdict.draw(
                salt=bytes(32),
                cranker=thief.key,
                verdict=verdict.verdict_address(job),
                terms=self.terms(ledger),
                even=EVEN,
                odd=ODD,
            )
            early = found.state != State.COMMITTED
            yield "WrongState" if early else "WrongSalt", wrong, [thief]

    def _on_open_job(self, ledger: JobLedger) -> Iterator[Attack]:
        job, thief = ledger.job.address, self.thief
        for owner in list(self.view.providers)[:1]:
            provider = job_registry.provider_address(owner)
            record = job_registry.record_stage(
                last=4,
                macs_done=1,
                terms=self.terms(ledger),
                job=job,
                provider=provider,
                authority=thief.key,
            )
            yield "Unauthorized", record, [thief]
        yield (
            "Unauthorized",
            job_registry.conclude(
                outcome=JobState.SETTLED,
                paid_macs=1,
                blamed=thief.key,
                terms=self.terms(ledger),
                job=job,
                provider=thief.key,
                utilisation=job_registry.utilisation_address(shard_of(job)),
                authority=thief.key,
            ),
            [thief],
        )
        yield "Unauthorized", job_registry.reclaim(buyer=thief.key, job=job), [thief]
        if not ledger.escrow_closed:
            yield "Unauthorized", job_registry.cancel(buyer=thief.key, job=job), [thief]
            buyer = ledger.job.buyer
            taken = escrow.refund_unposted(buyer=buyer.key, job=job, destination=buyer.tokens)
            yield "JobExists", taken, [buyer]

    def _on_escrow(self, ledger: JobLedger) -> Iterator[Attack]:
        thief, account, vault = self.thief, ledger.job.escrow, self.vault_of(ledger)
        stolen = (escrow.Credit(party=thief.key, amount=1),)
        yield (
            "WrongCaller",
            escrow.settle(
                credits=stolen, fee=0, extra=0, finalise=False, escrow=account, authority=thief.key
            ),
            [thief],
        )
        yield (
            "WrongCaller",
            escrow.refund(tip_to=thief.key, tip=1, escrow=account, authority=thief.key),
            [thief],
        )
        credits = self.view.escrows[ledger.job.address].credit_count
        withdrawal = escrow.withdraw(
            index=credits, escrow=account, vault=vault, destination=thief.tokens
        )
        yield "UnknownCredit", withdrawal, []
        for index, credit in enumerate(self.view.escrows[ledger.job.address].credits[:credits]):
            withdrawal = escrow.withdraw(
                index=index, escrow=account, vault=vault, destination=thief.tokens
            )
            yield "AlreadyPaid" if credit.paid else "WrongOwner", withdrawal, []
        if ledger.fee_due:
            other = escrow.fees_address((shard_of(ledger.job.address) + 1) % 16)
            for destination in (other, thief.tokens):
                collect = escrow.collect_fee(escrow=account, vault=vault, fee_vault=destination)
                yield "WrongVault", collect, []
        if ledger.final and self.book.balances[vault] > ledger.outstanding:
            buyer = ledger.job.buyer
            for claimant in (buyer.key, thief.key):
                reclaim = escrow.reclaim(
                    buyer=claimant, escrow=account, vault=vault, destination=thief.tokens
                )
                yield "WrongOwner", reclaim, []
