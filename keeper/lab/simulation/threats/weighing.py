"""What attacks on weight, collateral and terms cost, which are fixed before the dice fall."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, log
from typing import Final

from keeper.amounts import NLOV
from keeper.lab.simulation.closed_form import honest_majority_of_many
from keeper.lab.simulation.economics import sampling_probability
from keeper.lab.simulation.key_choice import Contest, Rule, Ties, jobs_won
from keeper.lab.simulation.operators import Operator, lost_to_lies
from keeper.lab.simulation.threats.figure import Figure
from keeper.lab.simulation.turns import Order
from neurolov_client.bindings.job_registry import BPS, REPUTATION_ONE, SEATS
from neurolov_client.bindings.redundancy import MAX_TASK_RUNS
from neurolov_client.bindings.staking import MAX_FEE_BPS, OUTBID_PART, QUEUED_WINDOWS

REPUTATION_STEP: Final = 1 / 16
"""The share of the missing reputation that each settled job adds."""
OUTBIDDING: Final = 1 + Fraction(1, OUTBID_PART)
"""Weight of a newcomer over that of the holder whom it displaces."""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a deployment demands before work: base units, basis points, slots."""

    claims: Order
    joins: Order
    kappa: int
    min_exposure: int
    join_kappa: int
    run_bond_bps: int
    min_verifier_stake: int
    ballot_exposure: int
    silence_fee: int
    ballot_rent_bps: int
    posting_fee: int
    fee_bps: int
    reputation_ref: int
    p_floor_bps: int
    unbonding_slots: int
    checkpoint_slots: int

    def exposure(self, offered: int) -> int:
        """Returns what a lease exposes of a provider's stake, whatever the provider asks."""
        return max(self.kappa * offered, self.min_exposure)

    @property
    def ballot_fee(self) -> int:
        """Returns the least verification fee per drawn ballot, rounded up."""
        return -(-self.ballot_exposure * self.ballot_rent_bps // BPS)

    @property
    def ballot_room(self) -> int:
        """Returns how many ballots the least collateral backs at a time."""
        return self.min_verifier_stake // (self.ballot_exposure + self.silence_fee)

    @property
    def terms_wait(self) -> int:
        """Returns the slots from queueing terms to the first slot in which they may apply."""
        return self.unbonding_slots + QUEUED_WINDOWS * self.checkpoint_slots


def contested(order: Order, honest_keys: int = 3) -> Contest:
    """Returns the contest that an attacker with a three-hundredth of the stake enters."""
    return Contest(
        order,
        honest_keys=honest_keys,
        honest_stake=9_000 * NLOV,
        attacker_keys=300,
        attacker_stake=30 * NLOV,
    )


def admitted(stakes: Stakes, standing: int, price: int) -> int:
    """Returns how many keys of a party may join a task, all its stake having stood before."""
    return min(MAX_TASK_RUNS, standing // (stakes.join_kappa * price))


def crowding_out(stakes: Stakes, seats: int, verifiers: int) -> int:
    """Returns what it costs to fill the ballot room of `seats` at the least collateral.

    Wash jobs of one's own do it, each with `verifiers` that vote; base units of fees and postings.
    """
    ballots = seats * stakes.ballot_room
    return ballots * stakes.ballot_fee + -(-ballots // verifiers) * stakes.posting_fee


def wash_jobs() -> int:
    """Returns how many settled jobs lead from no reputation to nine tenths."""
    return ceil(log(0.1) / log(1 - REPUTATION_STEP))


def washing(stakes: Stakes) -> float:
    """Returns what reputation of nine tenths costs, in base units, if bought one job at a time.

    The buyer, the provider and the cranker are one party. Each job has one verifier and the lowest
    price with a full gain; the party loses the market's fee, the posting fee and, where the job is
    sampled, the verifier's fee.
    """
    lost = 0.0
    for settled in range(wash_jobs()):
        reputation = round(REPUTATION_ONE * (1 - (1 - REPUTATION_STEP) ** settled))
        sampled = sampling_probability(reputation, stakes.p_floor_bps)
        lost += stakes.reputation_ref * stakes.fee_bps / BPS
        lost += stakes.posting_fee + sampled * stakes.ballot_fee
    return lost


def figures(stakes: Stakes) -> tuple[Figure, ...]:
    """Returns every figure of weight, collateral and terms, attack by attack."""
    return (
        *_choosing_keys(stakes),
        *_squatting(stakes),
        *_crowding(stakes),
        *_blocking(stakes),
        *_washing(stakes),
        *_underbidding(stakes),
        *_stealing(stakes),
    )


def _choosing_keys(stakes: Stakes) -> list[Figure]:
    contest = contested(stakes.claims)

    def figure(what: str, value: float, unit: str = "share of jobs") -> Figure:
        return Figure("choosing keys", what, value, unit)

    def won(rule: Rule, ties: Ties, reputation: int = REPUTATION_ONE) -> float:
        return jobs_won(replace(contest, reputation=reputation), rule, ties)

    return [
        figure("stake on 300 keys", contest.fair_share, "share of leasable stake"),
        figure("won by them", won(Rule.STANDING, Ties.SHARED)),
        figure("the same where every leader favours them", won(Rule.STANDING, Ties.LOST)),
        figure("the same there while no provider has reputation", won(Rule.STANDING, Ties.LOST, 0)),
        figure("won by them if stake counted on arrival", won(Rule.ARRIVING, Ties.SHARED)),
        figure(
            "runs of a task at 1 NLOV that 0.3 NLOV may join",
            admitted(stakes, 3 * NLOV // 10, NLOV),
            "runs",
        ),
        figure("stood before it and locked by each run", stakes.join_kappa, "prices of a run"),
    ]


def _squatting(stakes: Stakes) -> list[Figure]:
    least = stakes.min_verifier_stake

    def figure(what: str, value: float, unit: str = "NLOV") -> Figure:
        return Figure("squatting", what, value, unit)

    return [
        figure(f"bound while all {SEATS:,} seats are held", SEATS * least / NLOV),
        figure("lost per ballot neither cast nor declined", stakes.silence_fee / NLOV),
        figure(
            "silent ballots until anybody may evict a seat",
            (least // 2) // stakes.silence_fee + 1,
            "ballots",
        ),
        figure("outbids a seat, at equal catch rates", float(OUTBIDDING * least / NLOV)),
    ]


def _crowding(stakes: Stakes) -> list[Figure]:
    seats, verifiers = 7, 5
    cost = crowding_out(stakes, seats, verifiers)

    def figure(what: str, value: float, unit: str = "NLOV") -> Figure:
        return Figure("crowding out", what, value, unit)

    return [
        figure(f"ballots that fill {seats} least seats", seats * stakes.ballot_room, "ballots"),
        figure("paid to fill them for the life of a job", cost / NLOV),
        figure(
            "the same per NLOV of their collateral",
            cost / (seats * stakes.min_verifier_stake),
            "share",
        ),
    ]


def silent_blocking(stakes: Stakes, runs: int) -> float:
    """Returns what blocking a task costs its buyer, in prices, if all its keys but one are silent.

    As many commit as a majority takes, which opens the honest runs; the silent keys lose their
    bonds.
    """
    majority = (runs + 1) // 2
    return majority / 2 + (majority - 1) * stakes.run_bond_bps / BPS


def _blocking(stakes: Stakes) -> list[Figure]:
    def figure(what: str, value: float, unit: str) -> Figure:
        return Figure("blocking tasks", what, value, unit)

    return [
        *(
            figure(
                f"a third of the joining stake blocks {runs} runs",
                honest_majority_of_many(runs, 1 / 3),
                "probability",
            )
            for runs in (3, 7)
        ),
        *(
            figure(
                f"burned by a buyer that blocks {runs} runs to see {(runs - 1) // 2}",
                runs / 2,
                "prices of a run",
            )
            for runs in (3, 7)
        ),
        *(
            figure(
                f"the same with one key that commits and {(runs - 1) // 2} silent",
                silent_blocking(stakes, runs),
                "prices of a run",
            )
            for runs in (3, 7)
        ),
    ]


def _washing(stakes: Stakes) -> list[Figure]:
    def figure(what: str, value: float, unit: str = "NLOV") -> Figure:
        return Figure("washing", what, value, unit)

    return [
        figure("jobs from no reputation to nine tenths", wash_jobs(), "jobs"),
        figure("lost by whoever posts them to itself", washing(stakes) / NLOV),
        figure("stake that each exposes", stakes.exposure(stakes.reputation_ref) / NLOV),
    ]


def _underbidding(stakes: Stakes) -> list[Figure]:
    return [
        Figure("underbidding", what, stakes.exposure(offered) / NLOV, "NLOV")
        for what, offered in (
            ("exposed for an offer of 10 NLOV at an ask of next to nothing", 10 * NLOV),
            ("exposed for the smallest offer", 1),
        )
    ]


def _stealing(stakes: Stakes) -> list[Figure]:
    budget = 300 * NLOV
    lost = lost_to_lies(Operator(budget), stakes.exposure(NLOV))
    doublings = ceil(log(MAX_FEE_BPS / stakes.fee_bps, 2))
    return [
        Figure("stolen operator key", "lost of a budget of 300 NLOV by lying", lost / NLOV, "NLOV"),
        Figure("stolen authority", "wait before its terms apply", stakes.terms_wait, "slots"),
        Figure(
            "stolen authority",
            "wait until the fee is at its bound",
            doublings * stakes.terms_wait,
            "slots",
        ),
    ]
