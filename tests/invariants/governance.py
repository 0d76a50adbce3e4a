"""Steps of the authority: terms that are queued, applied and cancelled while jobs are under way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from neurolov_client import staking
from tests.invariants.economy import Economy
from tests.world import NLOV
from tests.world.governing import applying, cancelling, queueing, terms_numbered

CHANGES: Final[Mapping[str, Mapping[str, tuple[int, ...]]]] = {
    "staking": {"slash_burn_bps": (5_000, 8_000)},
    "escrow": {"fee_bps": (500, 1_000), "posting_fee": (NLOV // 100, NLOV // 60)},
    "job_registry": {
        "kappa": (25, 26, 40),
        "bond_bps": (1_000, 500),
        "max_attempts": (3, 2),
        "lease_slots": (150, 100, 200),
        "claim_window_slots": (300, 200, 400),
        "min_price": (NLOV // 100, NLOV // 50),
    },
    "verdict": {
        "silence_fee": (NLOV // 10, NLOV // 5),
        "ballot_exposure": (40 * NLOV, 20 * NLOV),
        "ballot_rent_bps": (200, 300),
        "ballot_slots": (150, 80),
        "reveal_slots": (150, 80),
        "challenge_slots": (20, 30),
        "public_slots": (60, 100),
        "salt_slots": (64, 100),
        "proof_slots": (100, 60),
        "answer_slots": (150, 100, 200),
        "trap_slots": (20, 40),
        "bounty_bps": (5_000, 10_000),
    },
}
"""The values that a parameter may take, by program and name, each within a step of the others."""


class Governance(Economy):
    """Whatever the authority does, and whenever, jobs that are posted keep their terms."""

    @property
    def queued(self) -> staking.Terms | None:
        """Returns the terms that wait, or none."""
        address = staking.terms_address(self.view.pool.terms + 1)
        return self.world.find(staking.Terms, address)

    def queue_terms(self, program: str, name: str, value: int) -> None:
        """Queues the present terms with one change; there is room for one version at a time."""
        parameters = self.world.parameters
        part: Any = getattr(parameters, program)
        changes: dict[str, Any] = {program: replace(part, **{name: value})}
        self.attempt(
            "AccountAlreadyInUse" if self.queued else None,
            queueing(self.world, replace(parameters, **changes)),
            signers=[self.world.authority],
        )

    def apply_terms(self, *, wait: bool) -> None:
        """Anybody applies what is queued, neither before its slot nor long after."""
        queued = self.queued
        if queued is None:
            return
        if wait and self.world.slot < queued.applies_slot:
            self.world.warp_to(queued.applies_slot)
        refusal = None
        if self.world.slot < queued.applies_slot:
            refusal = "StillQueued"
        elif self.world.slot > queued.lapses_slot:
            refusal = "QueueLapsed"
        self.attempt(refusal, applying(self.world))
        if refusal is None:
            self.world.parameters = queued.parameters
            assert terms_numbered(self.world, self.view.pool.terms).parameters == queued.parameters
            self.reached["new terms"] += 1

    def cancel_terms(self) -> None:
        """The authority cancels what is queued; a thief cannot before it has lapsed."""
        queued = self.queued
        if queued is None:
            return
        if self.world.slot <= queued.lapses_slot:
            theft = cancelling(self.world, self.thief)
            self.attempt("NotAuthority", theft, signers=[self.thief])
        self.attempt(None, cancelling(self.world), signers=[self.world.authority])
