"""Which terms may follow which: bounds, steps and deterrence, over random sequences."""

from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.stakers import pool
from neurolov_client import ProgramError, staking
from neurolov_client.bindings.job_registry import BPS
from neurolov_client.bindings.staking import TermsState
from tests.world import World
from tests.world.governing import (
    applying,
    cancelling,
    queue,
    queueing,
    terms_numbered,
    values_of,
)

NAMES: Final = [
    (part.name, each.name)
    for part in fields(staking.Parameters)
    for each in fields(getattr(LOCALNET_PARAMETERS, part.name))
]
REFUSALS: Final = {
    "CollateralTooLow",
    "CollusionTooHigh",
    "HonestMinority",
    "InvalidParams",
    "LazinessTooHigh",
    "OutOfBounds",
    "SamplingTooLow",
    "StakeTooLow",
    "StepTooLarge",
    "TrapsTooWeak",
    "WindowsTooLong",
}


def changed(parameters: staking.Parameters, values: dict[tuple[str, str], int]) -> Any:
    """Returns the parameters with some numbers replaced."""
    for (part, name), value in values.items():
        program = replace(getattr(parameters, part), **{name: value})
        parameters = replace(parameters, **{part: program})
    return parameters


def deters(parameters: staking.Parameters) -> bool:
    """Returns whether neither cheating nor accepting without checking pays, in exact integers."""
    verdict, stake = parameters.verdict, parameters.staking
    honest = (BPS - verdict.collusion_bps) * (BPS - verdict.lazy_bps)
    lost = BPS + stake.slash_burn_bps * parameters.job_registry.kappa
    caught = verdict.trap_rate_bps * stake.slash_burn_bps * verdict.ballot_exposure
    return (
        verdict.p_floor_bps * honest * lost > BPS**4
        and 2 * honest > BPS**2
        and caught > verdict.check_cost * BPS**2
    )


def is_sound(parameters: staking.Parameters) -> bool:
    """Returns whether the rules between numbers hold besides deterrence."""
    claim, join, escrow = parameters.job_registry, parameters.redundancy, parameters.escrow
    waits = [
        (claim.claim_scale_slots, claim.claim_max_delay_slots, claim.claim_window_slots),
        (join.claim_scale_slots, join.claim_max_delay_slots, join.join_slots),
    ]
    at_risk = parameters.verdict.ballot_exposure + parameters.verdict.silence_fee
    return (
        all(
            32 * scale <= longest < window <= 5 * CHECKPOINT_SLOTS
            for scale, longest, window in waits
        )
        and escrow.stakers_bps + escrow.treasury_bps + escrow.burn_bps == BPS
        and at_risk <= parameters.staking.min_verifier_stake // 2
    )


def is_step(now: int, value: int) -> bool:
    """Returns whether a number may follow another: within half and double; zero may rise a bit."""
    if now == 0:
        return True
    return -(-now // 2) <= value <= 2 * now or (now, value) == (1, 0)


def are_steps(former: staking.Parameters, later: staking.Parameters) -> bool:
    """Returns whether terms may follow others: in steps, with the halvings where they were."""
    kept = former.staking.halving_slots == later.staking.halving_slots
    return kept and all(map(is_step, values_of(former), values_of(later)))


def outcome(world: World, parameters: staking.Parameters) -> str | None:
    """Queues the parameters; returns None, or the name of the refusal."""
    try:
        queue(world, parameters)
    except ProgramError as refusal:
        return refusal.name
    return None


FACTORS: Final = st.sampled_from([0.4, 0.5, 0.51, 0.75, 0.98, 1.02, 1.3, 1.9, 2.0, 2.1])


@st.composite
def moves(draw: st.DrawFn) -> dict[tuple[str, str], float]:
    """Returns factors for a few numbers, some of them near what deterrence depends on."""
    decisive = [
        ("staking", "slash_burn_bps"),
        ("staking", "min_verifier_stake"),
        ("job_registry", "kappa"),
        ("verdict", "p_floor_bps"),
        ("verdict", "collusion_bps"),
        ("verdict", "trap_rate_bps"),
        ("verdict", "check_cost"),
        ("verdict", "ballot_exposure"),
    ]
    names = st.one_of(st.sampled_from(decisive), st.sampled_from(NAMES))
    return draw(st.dictionaries(names, FACTORS, min_size=1, max_size=4))


def moved(parameters: staking.Parameters, factors: dict[tuple[str, str], float]) -> Any:
    """Returns the parameters with some numbers multiplied."""
    values = {
        (part, name): int(getattr(getattr(parameters, part), name) * factor)
        for (part, name), factor in factors.items()
    }
    return changed(parameters, values)


@settings(max_examples=60, derandomize=True, database=None)
@given(factors=moves())
def test_what_may_be_queued_deters_and_is_within_a_step(
    factors: dict[tuple[str, str], float],
) -> None:
    world = World.fresh()
    parameters = moved(LOCALNET_PARAMETERS, factors)
    refusal = outcome(world, parameters)
    steps = are_steps(LOCALNET_PARAMETERS, parameters)
    assert refusal is None or refusal in REFUSALS
    if refusal is None:
        assert (deters(parameters), is_sound(parameters), steps) == (True, True, True)
        assert terms_numbered(world, 1).parameters == parameters
    else:
        assert not world.exists(staking.terms_address(1))
    if deters(parameters) and is_sound(parameters) and steps:
        assert refusal in {None, "OutOfBounds"}


@settings(max_examples=40, derandomize=True, database=None)
@given(name=st.sampled_from(NAMES), end=st.sampled_from([0, 1, 2**63, 2**64 - 1]))
def test_no_number_jumps(name: tuple[str, str], end: int) -> None:
    world = World.fresh()
    now = getattr(getattr(LOCALNET_PARAMETERS, name[0]), name[1])
    refusal = outcome(world, changed(LOCALNET_PARAMETERS, {name: end}))
    if not is_step(now, end) or end >= 2**63:
        assert refusal in REFUSALS


HARMLESS: Final = [
    ("staking", "unbonding_slots"),
    ("staking", "emission_per_slot"),
    ("escrow", "posting_fee"),
    ("job_registry", "stake_ref"),
    ("verdict", "trap_slots"),
    ("redundancy", "run_slots"),
]
"""Numbers that no rule ties to others."""
STEPS: Final = st.lists(
    st.one_of(
        moves(),
        st.dictionaries(st.sampled_from(HARMLESS), st.floats(0.6, 2.0), min_size=1),
        st.sampled_from(["apply", "cancel", "lapse", "wait"]),
        st.just("apply"),
    ),
    min_size=8,
    max_size=16,
)


def take(world: World, step: dict[tuple[str, str], float] | str) -> None:
    """Takes one step, or asserts how it is refused."""
    version = pool(world).terms
    queued = world.find(staking.Terms, staking.terms_address(version + 1))
    if step == "wait":
        world.warp(97)
    elif isinstance(step, dict) and queued is None:
        outcome(world, moved(terms_numbered(world, version).parameters, step))
    elif isinstance(step, dict):
        world.fails("AccountAlreadyInUse", queueing(world), signers=[world.authority])
    elif queued is None:
        world.fails("AccountOwnedByWrongProgram", applying(world))
    elif step == "cancel":
        world.send(cancelling(world), signers=[world.authority])
    elif step == "lapse" or world.slot > queued.lapses_slot:
        world.warp_to(max(world.slot, queued.lapses_slot + 1))
        world.fails("QueueLapsed", applying(world))
    else:
        if world.slot < queued.applies_slot:
            world.fails("StillQueued", applying(world))
            world.warp_to(queued.applies_slot)
        world.send(applying(world))


@settings(max_examples=60, derandomize=True, database=None)
@given(steps=STEPS)
def test_every_applied_version_deters_and_is_within_a_step(steps: list[Any]) -> None:
    """In any order of queueing, waiting, applying and cancelling."""
    world = World.fresh()
    due, since = 0, pool(world).emission_last
    versions = [LOCALNET_PARAMETERS]
    for step in steps:
        take(world, step)
        if pool(world).terms == len(versions):
            due += (world.slot - since) * versions[-1].staking.emission_per_slot
            since = world.slot
            versions.append(terms_numbered(world, len(versions)).parameters)
        assert pool(world).emission_owed == due
    assert pool(world).terms == len(versions) - 1
    assert pool(world).params == versions[-1].staking
    for version, parameters in enumerate(versions):
        terms = terms_numbered(world, version)
        current = version == len(versions) - 1
        assert terms.state == (TermsState.CURRENT if current else TermsState.SUPERSEDED)
        assert terms.parameters == parameters, "no version changes later"
        assert (deters(parameters), is_sound(parameters)) == (True, True)
    for former, later in pairwise(versions):
        assert are_steps(former, later)
