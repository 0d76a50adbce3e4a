"""Every way that a job can end, with the same steps and audits as in any order."""

import pytest

from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Choice
from tests.invariants.conducts import diligent
from tests.invariants.economy import BUDGET
from tests.invariants.interference import Interference
from tests.invariants.progress import Conduct
from tests.invariants.tampering import trust
from tests.world import NLOV

ACCEPT, REJECT, UNAVAILABLE = (diligent(choice) for choice in Choice)
SHOWN = diligent(None, votes=(*[Choice.UNAVAILABLE] * 2, *[Choice.ACCEPT] * 13), answers=8)
INHERITED = [
    diligent(Choice.REJECT, last=2),
    diligent(Choice.REJECT, last=2),
    diligent(Choice.REJECT, silent=True),
    diligent(Choice.REJECT, challenges=True),
]
LIVES: dict[str, tuple[int | None, list[Conduct], int, str]] = {
    "accepted": (None, [ACCEPT], JobState.SETTLED, "accepted"),
    "rejected and unproven": (None, [REJECT], JobState.SETTLED, "unproven"),
    "rejected and proven": (
        0,
        [*[REJECT] * 4, diligent(Choice.REJECT, challenges=True)],
        JobState.VOIDED,
        "fraud",
    ),
    "challenged in vain": (
        None,
        [diligent(Choice.ACCEPT, challenges=True)],
        JobState.SETTLED,
        "accepted",
    ),
    "accepted and proven": (
        2,
        [*[ACCEPT] * 4, diligent(Choice.ACCEPT, challenges=True)],
        JobState.VOIDED,
        "fraud",
    ),
    "proven at once": (
        0,
        [ACCEPT, ACCEPT, diligent(Choice.ACCEPT, challenges=True)],
        JobState.VOIDED,
        "fraud",
    ),
    "unavailable": (None, [UNAVAILABLE], JobState.VOIDED, "withheld"),
    "answered in part": (
        None,
        [diligent(Choice.UNAVAILABLE, answers=7)],
        JobState.VOIDED,
        "withheld",
    ),
    "answered and missed again": (
        None,
        [diligent(Choice.UNAVAILABLE, answers=8)],
        JobState.VOIDED,
        "unavailable",
    ),
    "answered and accepted": (None, [SHOWN], JobState.SETTLED, "accepted"),
    "unverified": (None, [diligent(None, salted=False)], JobState.SETTLED, "unverified"),
    "ballots withheld": (
        None,
        [diligent(Choice.ACCEPT, withheld=frozenset(range(15)))],
        JobState.SETTLED,
        "unverified",
    ),
    "divided": (
        None,
        [diligent(None, votes=(Choice.ACCEPT, Choice.REJECT, Choice.UNAVAILABLE) * 5)],
        JobState.SETTLED,
        "unverified",
    ),
    "expired": (None, [diligent(None, silent=True)], JobState.EXPIRED, "expired"),
    # Two stages by two providers; the first answers with a bond that is gone already.
    "the first of two convicted": (0, INHERITED, JobState.VOIDED, "fraud"),
    "the second of two convicted": (2, INHERITED, JobState.VOIDED, "fraud"),
    "one of two asked in vain": (
        None,
        [
            diligent(Choice.UNAVAILABLE, last=2),
            diligent(Choice.UNAVAILABLE, last=2),
            diligent(Choice.UNAVAILABLE, silent=True),
            UNAVAILABLE,
        ],
        JobState.VOIDED,
        "withheld",
    ),
    "restarted by another": (
        None,
        [
            diligent(Choice.ACCEPT, last=2),
            diligent(Choice.ACCEPT, last=2),
            diligent(Choice.ACCEPT, silent=True),
            diligent(Choice.ACCEPT),
            diligent(Choice.ACCEPT, restart=True),
        ],
        JobState.SETTLED,
        "accepted",
    ),
}


@pytest.fixture
def economy() -> Interference:
    return Interference()


@pytest.mark.parametrize("life", LIVES)
def test_a_life_balances(economy: Interference, life: str) -> None:
    lie, conducts, state, outcome = LIVES[life]
    ledger = economy.post(economy.buyers[0], paid_urgency=NLOV, lie=lie)
    for conduct in conducts:
        economy.advance(ledger, conduct)
        economy.audit()
    for _ in range(24):
        if not ledger.final:
            economy.advance(ledger, conducts[-1])
            economy.audit()
    assert economy.job(ledger).state == state
    assert economy.reached[outcome] == 1
    economy.close()


def test_an_operator_loses_its_budget_and_no_more(economy: Interference) -> None:
    """A stolen key lies until its budget is gone; then the owner's key is needed."""
    owner = economy.providers[1]
    operator = economy.operator_of(owner)
    staked = economy.view.positions[owner.key].amount
    lost = 0
    for price in (2 * NLOV, 2 * NLOV, 2 * NLOV, 2 * NLOV):
        ledger = economy.post(economy.buyers[0], lie=0, price=price)
        economy.claim(owner, ledger, operator)
        if economy.job(ledger).state == JobState.POSTED:
            break
        while not ledger.final:
            economy.advance(ledger, diligent(Choice.REJECT, challenges=True))
            economy.audit()
        lost += sum(economy.at_stake(ledger))
    assert lost == staked - economy.view.positions[owner.key].amount
    assert economy.reached["OperatorBudgetExceeded"] == 1
    assert 0 < lost <= BUDGET
    economy.close()


def test_a_cancelled_job_balances(economy: Interference) -> None:
    ledger = economy.post(economy.buyers[0])
    economy.cancel(ledger)
    assert economy.job(ledger).state == JobState.CANCELLED
    economy.audit()
    economy.close()


def test_a_trusted_result_is_spared_a_verification(economy: Interference) -> None:
    trust(economy, economy.providers[1])
    ledger = economy.post(economy.buyers[0])
    while not ledger.final:
        economy.advance(ledger, ACCEPT)
        economy.audit()
    assert economy.reached["unsampled"] == 1
    assert not ledger.ballots
    economy.close()


def test_a_provider_that_left_is_still_paid(economy: Interference) -> None:
    ledger = economy.post(economy.buyers[0])
    provider = economy.providers[1]
    economy.claim(provider, ledger)
    economy.leave(provider)
    economy.commit(ledger, 4)
    economy.leave(provider)
    assert provider.key not in economy.view.providers
    while not ledger.final:
        economy.advance(ledger, ACCEPT)
        economy.audit()
    economy.close()
    assert ledger.paid[provider.key] > 0


def test_rewards_wait_while_nobody_stakes(economy: Interference) -> None:
    economy.fund_rewards(NLOV)
    economy.close()
    economy.fund_rewards(NLOV)
    economy.world.warp(economy.world.parameters.staking.reward_period_slots)
    before = economy.rewarded
    economy.stake(economy.saver, NLOV)
    economy.audit()
    economy.world.warp(2 * economy.world.parameters.staking.reward_period_slots)
    economy.claim_rewards(economy.saver)
    economy.audit()
    assert economy.rewarded - before > NLOV
    assert economy.funded - economy.rewarded < 100


def test_a_partial_result_is_paid_in_part(economy: Interference) -> None:
    """Two operators of four are committed, then three providers in a row go silent."""
    ledger = economy.post(economy.buyers[0])
    economy.claim(economy.providers[0], ledger)
    economy.commit(ledger, 2)
    while economy.job(ledger).state != JobState.POSTED:
        economy.outlast(ledger)
        economy.expire_lease(ledger)
    price = ledger.stages[0].price
    economy.close()
    share = sum(each.multiply_adds for each in economy.graph.descriptors[:2])
    gross = price * share // economy.graph.multiply_adds
    assert ledger.paid[economy.providers[0].key] == gross - ledger.fee
    assert 0 < gross < price


@pytest.mark.parametrize("steps", range(6))
def test_every_attack_is_refused(economy: Interference, steps: int) -> None:
    """From a posted job to a settled one with everything still to be paid."""
    ledger = economy.post(economy.buyers[0])
    economy.request_unstake(economy.verifiers[0], NLOV)
    economy.world.warp(economy.world.parameters.staking.unbonding_slots)
    for _ in range(steps):
        if not ledger.final:
            economy.advance(ledger, ACCEPT)
    attacks = economy.attacks(ledger)
    assert len(attacks) >= 15
    for attack in attacks:
        economy.refused(attack)
    economy.audit()
