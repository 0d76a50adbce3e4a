"""`neurolov simulate`: how much cheating pays under the protocol's rules."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress

from keeper.cli.options import answer, json_option
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.simulation import (
    GRID,
    Economics,
    Estimate,
    Point,
    Safety,
    Sweep,
    check_bound,
    check_destination,
    sweep_all,
    sweep_size,
)
from keeper.lab.simulation.key_choice import Rule, Ties, share_taken
from keeper.lab.simulation.threats import Charges, Stakes, figures
from keeper.lab.simulation.threats.weighing import contested
from keeper.lab.simulation.turns import Order
from neurolov_client import staking
from neurolov_client.bindings.verdict import DRAW_DELAY

UNSAFE = 1

RUNS_OF_A_TASK = 3
JOINERS = 100
"""Honest keys that want to join a task."""


@click.group()
def simulate() -> None:
    """Simulate many runs of the protocol."""


@simulate.command()
@json_option
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the draws."
)
@click.option(
    "--runs",
    type=click.IntRange(min=100),
    default=200_000,
    show_default=True,
    help="Number of sampled jobs per set of verifiers.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("poc.png"),
    show_default=True,
    help="File of the plot, .png or .svg.",
)
@click.option(
    "--verifiers",
    type=click.Choice(["1", "3", "5"]),
    default="3",
    show_default=True,
    help="Verifiers per draw, where the number does not vary.",
)
def poc(as_json: bool, seed: int, runs: int, out: Path, verifiers: str) -> int:
    """Plot the profit of cheating against sampling, verifiers, stake and collusion.

    The plot uses localnet's parameters. A grid of parameter sets is checked as well. Exits with 1
    unless cheating loses, over the whole confidence interval, in every set that the programs
    accept.
    """
    check_destination(out)
    base = economics(LOCALNET_PARAMETERS, int(verifiers))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulating", total=len(GRID.populations) + sweep_size())
        # Each part has its own generator, so that its verdict does not depend on the other's size.
        grid_dice, sweep_dice, key_dice = np.random.default_rng(seed).spawn(3)
        attended, unattended = check_bound(
            GRID, runs=runs, rng=grid_dice, step=lambda: progress.advance(task)
        )
        sweeps = sweep_all(base, runs=runs, rng=sweep_dice, step=lambda: progress.advance(task))
    # Loads matplotlib, which nobody should wait for before the simulation.
    from keeper.lab.simulation.picture import draw_sweeps  # noqa: PLC0415

    draw_sweeps(sweeps, f"Profit of cheating, {runs:,} sampled jobs per point, seed {seed}", out)
    demanded = stakes(LOCALNET_PARAMETERS)
    key_choice = _key_choice(demanded, runs, key_dice)
    document = {
        "seed": seed,
        "runs": runs,
        "picture": str(out),
        "parameters": asdict(base),
        "deterrence": base.deterrence,
        "safe_side": attended.safe_side,
        "grid": _safety(attended),
        "grid_where_no_buyer_demands_answers": _safety(unattended),
        "sweeps": {sweep.parameter: _sweep(sweep) for sweep in sweeps},
        "key_choice": key_choice,
        "threats": [asdict(each) for each in figures(base, charges(LOCALNET_PARAMETERS), demanded)],
    }
    answer(document, as_json, *_lines(base, attended, unattended, key_choice, out))
    return 0 if attended.safe_side else UNSAFE


def economics(parameters: staking.Parameters, verifiers: int) -> Economics:
    """Returns the economics of a job with this many verifiers under a deployment's parameters."""
    return Economics(
        p_floor_bps=parameters.verdict.p_floor_bps,
        collusion_bps=parameters.verdict.collusion_bps,
        lazy_bps=parameters.verdict.lazy_bps,
        slash_burn_bps=parameters.staking.slash_burn_bps,
        kappa=parameters.job_registry.kappa,
        bounty_bps=parameters.verdict.bounty_bps,
        bond_bps=parameters.job_registry.bond_bps,
        fee_bps=parameters.escrow.fee_bps,
        verifiers=verifiers,
    )


def charges(parameters: staking.Parameters) -> Charges:
    """Returns what misbehaviour costs in a deployment, and how long each phase lasts."""
    judge = parameters.verdict
    return Charges(
        ballot_exposure=judge.ballot_exposure,
        silence_fee=judge.silence_fee,
        posting_fee=parameters.escrow.posting_fee,
        trap_rate_bps=judge.trap_rate_bps,
        check_cost=judge.check_cost,
        slash_burn_bps=parameters.staking.slash_burn_bps,
        draw_delay=DRAW_DELAY,
        salt_slots=judge.salt_slots,
        ballot_slots=judge.ballot_slots,
        reveal_slots=judge.reveal_slots,
    )


def stakes(parameters: staking.Parameters) -> Stakes:
    """Returns what a deployment demands before work."""
    registry, redundancy, judge = parameters.job_registry, parameters.redundancy, parameters.verdict
    return Stakes(
        claims=Order(registry.claim_scale_slots, registry.claim_max_delay_slots),
        joins=Order(redundancy.claim_scale_slots, redundancy.claim_max_delay_slots),
        min_exposure=registry.min_exposure,
        join_kappa=redundancy.join_kappa,
        run_bond_bps=redundancy.bond_bps,
        ballot_rent_bps=judge.ballot_rent_bps,
        reputation_ref=registry.reputation_ref,
        checkpoint_slots=CHECKPOINT_SLOTS,
        kappa=registry.kappa,
        min_verifier_stake=parameters.staking.min_verifier_stake,
        ballot_exposure=judge.ballot_exposure,
        silence_fee=judge.silence_fee,
        posting_fee=parameters.escrow.posting_fee,
        fee_bps=parameters.escrow.fee_bps,
        p_floor_bps=judge.p_floor_bps,
        unbonding_slots=parameters.staking.unbonding_slots,
    )


def _key_choice(demanded: Stakes, runs: int, rng: np.random.Generator) -> dict[str, float]:
    """Returns the shares of jobs and of tasks' runs that an attacker with 300 keys takes."""
    jobs = contested(demanded.claims)
    tasks = contested(demanded.joins, honest_keys=JOINERS)
    return {
        "fair_share": jobs.fair_share,
        **{
            f"{work}_{rule.value}_ties_{ties.value}": share_taken(
                contest, rule, ties, postings=runs, places=places, rng=rng
            )
            for work, contest, places in (("jobs", jobs, 1), ("runs", tasks, RUNS_OF_A_TASK))
            for rule in Rule
            for ties in Ties
        },
    }


def _safety(safety: Safety) -> dict[str, Any]:
    return {
        "accepted": safety.accepted,
        "refused": safety.refused,
        "refused_that_pay": safety.refused_that_pay,
        "unsafe": [_point(point) for point in safety.unsafe],
        "undecided": [_point(point) for point in safety.undecided],
        "closest": _point(safety.closest),
        "safe_side": safety.safe_side,
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        **asdict(point.economics),
        "splits": point.splits,
        "honest_share": point.economics.honest_share,
        "deterrence": point.economics.deterrence,
        **_estimate(point.estimate),
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "profit": estimate.profit,
        "low": estimate.low,
        "high": estimate.high,
        "attack": estimate.attack.name,
    }


def _sweep(sweep: Sweep) -> dict[str, Any]:
    return {
        "threshold": sweep.threshold,
        "samples": [
            {
                "value": sample.value,
                "accepted": sample.economics.accepted,
                "bound": sample.economics.bound,
                "deployed": _estimate(sample.deployed),
                "worst": _estimate(sample.worst),
                "unattended": _estimate(sample.unattended),
            }
            for sample in sweep.samples
        ],
    }


def _lines(
    base: Economics,
    attended: Safety,
    unattended: Safety,
    key_choice: Mapping[str, float],
    out: Path,
) -> list[str]:
    closest = attended.closest.estimate
    lines = [
        f"{base.deterrence:>10.4f}  p (1-r)(1-l)(1+beta kappa) on localnet, above 1 is accepted",
        f"{attended.accepted:>10,}  sets of parameters accepted, each with its best attack",
        f"{len(attended.unsafe):>10,}  of them let cheating pay",
        f"{len(attended.undecided):>10,}  of them are undecided" + _advice(attended),
        f"{closest.high:>10.4f}  prices at most is what a cheat may gain in any of them",
        f"{attended.refused_that_pay:>10,}  of {attended.refused:,} refused sets let cheating pay",
        f"{len(unattended.unsafe):>10,}  accepted sets let cheating pay if no buyer demands answers"
        + _honest_share(unattended),
        f"{key_choice['jobs_standing_ties_shared']:>10.4%}  of jobs won by 300 keys with"
        f" {key_choice['fair_share']:.4%} of the stake that wants them",
        f"plot in {out}",
    ]
    verdict = "on the safe side" if attended.safe_side else "NOT shown to be on the safe side"
    return [*lines, f"the on-chain bound is {verdict}"]


def _advice(safety: Safety) -> str:
    return "; raise --runs" if safety.undecided else ""


def _honest_share(safety: Safety) -> str:
    if not safety.unsafe:
        return ""
    most = max(point.economics.honest_share for point in safety.unsafe)
    return f", at most {most:.0%} of verifiers honest"
