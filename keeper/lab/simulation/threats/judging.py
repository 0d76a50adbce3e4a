"""What lies, collusion and griefing cost once a job is drawn and judged."""

from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Final

from keeper.amounts import NLOV
from keeper.lab.simulation.attacks import Attack, Choice, Data
from keeper.lab.simulation.closed_form import (
    expected_profit,
    honest_majority_of_many,
    some_honest_of_many,
)
from keeper.lab.simulation.economics import VERIFIER_COUNTS, Economics
from keeper.lab.simulation.judgement import Ending
from keeper.lab.simulation.profit import payoffs
from keeper.lab.simulation.safety import worst_case
from keeper.lab.simulation.threats.figure import Figure
from neurolov_client.bindings.job_registry import BPS
from neurolov_client.bindings.verdict import QUESTIONS

LAMPORTS_PER_SIGNATURE: Final = 5_000
DISPUTE_TRANSACTIONS: Final = 12
"""The most transactions that a dispute over one element with 4,096 operands takes."""


@dataclass(frozen=True, slots=True)
class Charges:
    """Absolute amounts in base units, and times in slots."""

    ballot_exposure: int
    silence_fee: int
    posting_fee: int
    trap_rate_bps: int
    check_cost: int
    slash_burn_bps: int
    draw_delay: int
    salt_slots: int
    ballot_slots: int
    reveal_slots: int


def figures(economics: Economics, charges: Charges) -> tuple[Figure, ...]:
    """Returns every figure of a job's judgement, attack by attack."""
    return (
        *_cheating(economics),
        *_colluding(economics, charges),
        *_grinding(economics, charges),
        *_withholding(economics, charges),
        *_griefing(economics, charges),
        *_laziness(charges),
    )


def _cheating(economics: Economics) -> list[Figure]:
    values = payoffs(economics, Attack(Data.SERVED, Choice.ACCEPT, 1.0))
    alone = payoffs(replace(economics, bounty_bps=0), Attack(Data.SERVED, Choice.ACCEPT, 1.0))
    floor = economics.p_floor_bps / BPS

    def profit(economics: Economics, sampling: float) -> float:
        caught = some_honest_of_many(economics.verifiers, economics.honest_share)
        return expected_profit(economics, Data.SERVED, sampling, caught)

    def figure(what: str, value: float, unit: str = "prices") -> Figure:
        return Figure("cheating", what, value, unit)

    return [
        figure("lost when somebody else proves it", -alone[Ending.CONVICTED]),
        figure("lost when its own other key proves it first", -values[Ending.CONVICTED]),
        figure("expected profit at full reputation", profit(economics, floor)),
        figure(
            "the same under the worst split, bond and fee", profit(worst_case(economics), floor)
        ),
        figure("expected profit of a new provider", profit(economics, 1.0)),
        figure("the bound at these parameters", economics.deterrence, "product, above 1"),
    ]


def _colluding(economics: Economics, charges: Charges) -> list[Figure]:
    share = economics.collusion_bps / BPS
    values = payoffs(economics, Attack(Data.SERVED, Choice.ACCEPT, 1.0))
    needed = values[Ending.PAID] / (values[Ending.PAID] - values[Ending.CONVICTED])
    missed = max(0.0, 1 - needed / (economics.p_floor_bps / BPS))
    bounty = (1 - economics.slash_burn_bps / BPS) * economics.bounty_bps / BPS * economics.kappa

    def figure(what: str, value: float, unit: str) -> Figure:
        return Figure("colluding", what, value, unit)

    return [
        *(figure(f"all {k} of a draw collude", share**k, "probability") for k in VERIFIER_COUNTS),
        *(
            figure(f"most of {k} collude", honest_majority_of_many(k, share), "probability")
            for k in VERIFIER_COUNTS[1:]
        ),
        *(
            # Lazy verifiers miss a cheat as colluders do.
            figure(
                f"colluding share from which cheating pays, {k} per draw",
                max(0.0, 1 - (1 - missed ** (1 / k)) / (1 - economics.lazy_bps / BPS)),
                "share of verifying stake",
            )
            for k in VERIFIER_COUNTS
        ),
        figure("lost by each verifier that accepted a lie", charges.ballot_exposure / NLOV, "NLOV"),
        figure("bounty that a bribe has to outbid", bounty, "prices"),
        figure(
            "expected cost of such bribes at the floor",
            economics.p_floor_bps / BPS * bounty,
            "prices",
        ),
    ]


def _grinding(economics: Economics, charges: Charges) -> list[Figure]:
    floor = economics.p_floor_bps / BPS

    def figure(what: str, value: float, unit: str) -> Figure:
        return Figure("grinding", what, value, unit)

    return [
        figure("spared by one hash, at full reputation", 1 - floor, "probability"),
        figure(
            "spared by the better of two, buyer and leader in league", 1 - floor**2, "probability"
        ),
        figure("spared by the better of four", 1 - floor**4, "probability"),
        figure("spared by a seed without the buyer's salt", 0.0, "probability"),
        figure("wait for that other seed", charges.salt_slots, "slots"),
    ]


def _withholding(economics: Economics, charges: Charges) -> list[Figure]:
    attack = Attack(Data.WITHHELD, Choice.ACCEPT, 1.0)
    floor = economics.p_floor_bps / BPS
    share = economics.honest_share
    k = economics.verifiers

    def figure(what: str, value: float, unit: str = "prices") -> Figure:
        return Figure("withholding", what, value, unit)

    demanded = some_honest_of_many(k, share)
    majority = honest_majority_of_many(k, share)
    return [
        figure(
            "lost by a provider that does not answer",
            -payoffs(economics, attack)[Ending.UNANSWERED],
        ),
        figure(
            "expected profit where the buyer demands answers",
            expected_profit(economics, Data.WITHHELD, floor, demanded),
        ),
        figure(
            "expected profit where only a majority asks",
            expected_profit(economics, Data.WITHHELD, floor, majority),
        ),
        *(
            figure(
                f"all {QUESTIONS} answered with {skipped:.0%} of the work skipped",
                (1 - skipped) ** QUESTIONS,
                "probability",
            )
            for skipped in (0.1, 0.25, 0.5)
        ),
        figure("lease held in silence", economics.bond_bps / BPS),
        figure("ballot cast and not revealed", charges.silence_fee / NLOV, "NLOV"),
    ]


def _griefing(economics: Economics, charges: Charges) -> list[Figure]:
    share, k = economics.collusion_bps / BPS, economics.verifiers
    draw = charges.draw_delay + 1 + charges.ballot_slots + charges.reveal_slots + 1

    def figure(what: str, value: float, unit: str) -> Figure:
        return Figure("griefing", what, value, unit)

    return [
        figure(
            "a sampled honest provider goes unpaid: two majorities say unavailable",
            _two_majorities(k, share),
            "probability",
        ),
        figure("stake that it loses", 0, "prices"),
        figure(
            f"answering {QUESTIONS} questions, at most",
            QUESTIONS * DISPUTE_TRANSACTIONS * LAMPORTS_PER_SIGNATURE / 1e9,
            "SOL",
        ),
        figure(
            "a false challenge, borne by the challenger",
            DISPUTE_TRANSACTIONS * LAMPORTS_PER_SIGNATURE / 1e9,
            "SOL",
        ),
        figure("burned for each job posted", charges.posting_fee / NLOV, "NLOV"),
        figure("delay by a draw in which enough stay silent", draw, "slots"),
    ]


def _laziness(charges: Charges) -> list[Figure]:
    lost = charges.trap_rate_bps * charges.slash_burn_bps * charges.ballot_exposure / BPS**2
    return [
        Figure("accepting unchecked", "burned by traps, expected per ballot", lost / NLOV, "NLOV"),
        Figure("accepting unchecked", "saved per ballot", charges.check_cost / NLOV, "NLOV"),
    ]


def _two_majorities(verifiers: int, share: float) -> float:
    """Returns the probability that colluders are the majority of one draw and of two draws."""
    each = list(product((0, 1), repeat=2 * verifiers))
    wanted = (lot for lot in each if 2 * sum(lot[:verifiers]) > verifiers and sum(lot) > verifiers)
    return sum(prod(share if bit else 1 - share for bit in lot) for lot in wanted)
