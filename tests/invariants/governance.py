"""Steps of the authority: parameters that change while jobs are under way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from idl.client import escrow, job_registry, verdict
from tests.invariants.economy import Economy
from tests.world import NLOV

CHANGES: Final[Mapping[str, Mapping[str, tuple[int, int, int]]]] = {
    "escrow": {"fee_bps": (500, 0, 10_000), "posting_fee": (NLOV // 100, 0, NLOV)},
    "job_registry": {
        "kappa": (25, 26, 40),
        "bond_bps": (1_000, 0, 10_000),
        "max_attempts": (3, 1, 2),
        "lease_slots": (150, 1, 300),
        "claim_window_slots": (300, 1, 50),
    },
    "verdict": {
        "silence_fee": (NLOV // 10, 0, NLOV),
        "ballot_exposure": (10 * NLOV, 3 * NLOV, 40 * NLOV),
        "ballot_slots": (150, 1, 20),
        "reveal_slots": (150, 1, 20),
        "challenge_slots": (20, 1, 100),
        "public_slots": (60, 1, 100),
        "salt_slots": (64, 1, 100),
        "proof_slots": (100, 1, 20),
        "answer_slots": (150, 4, 20),
        "trap_slots": (20, 1, 100),
        "bounty_bps": (5_000, 0, 10_000),
    },
}
"""The values that a parameter may take, by program and name: localnet's, and extremes."""


class Governance(Economy):
    """Whatever the authority does, locked jobs keep their terms."""

    def govern(self, program: str, name: str, value: int) -> None:
        """Sets one parameter of a program."""
        authority = self.world.authority
        parameters = self.world.parameters
        if program == "escrow":
            parameters = replace(parameters, escrow=replace(parameters.escrow, **{name: value}))
            change = escrow.set_params(params=parameters.escrow, authority=authority.key)
        elif program == "job_registry":
            registry = replace(parameters.job_registry, **{name: value})
            parameters = replace(parameters, job_registry=registry)
            change = job_registry.set_params(params=registry, authority=authority.key)
        else:
            parameters = replace(parameters, verdict=replace(parameters.verdict, **{name: value}))
            change = verdict.set_params(params=parameters.verdict, authority=authority.key)
        self.attempt(None, change, signers=[authority])
        self.world.parameters = parameters
