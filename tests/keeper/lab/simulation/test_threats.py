from dataclasses import replace
from pathlib import Path

import pytest

from keeper.amounts import NLOV
from keeper.lab.commands.simulate import charges, economics, stakes
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.simulation.threats import Figure, figures
from keeper.lab.simulation.threats.weighing import (
    admitted,
    crowding_out,
    silent_blocking,
    wash_jobs,
    washing,
)

DEMANDED = stakes(LOCALNET_PARAMETERS)
ROOT = Path(__file__).parents[4]
THREATS = ROOT / "programs" / "verdict" / "THREATS.md"


def known(verifiers: int = 3) -> tuple[Figure, ...]:
    return figures(
        economics(LOCALNET_PARAMETERS, verifiers), charges(LOCALNET_PARAMETERS), DEMANDED
    )


def value(attack: str, what: str, verifiers: int = 3) -> float:
    return next(
        each.value for each in known(verifiers) if (each.attack, each.what) == (attack, what)
    )


def test_the_documented_numbers_are_those_of_the_code() -> None:
    rows = [line for line in THREATS.read_text().splitlines() if line.startswith("| ")]
    expected = [f"| {f.attack} | {f.what} | {f.value:.3g} | {f.unit} |" for f in known()]
    assert rows[1:] == expected


def test_no_cheat_expects_a_profit() -> None:
    for verifiers in (1, 3, 5):
        for attack in ("cheating", "withholding"):
            profits = [
                each.value
                for each in known(verifiers)
                if each.attack == attack and "expected profit" in each.what
            ]
            assert profits
            assert max(profits) < 0


def test_a_lie_costs_more_than_a_bond() -> None:
    lost = value("cheating", "lost when somebody else proves it")
    assert lost == pytest.approx(25.1)
    assert value("withholding", "lost by a provider that does not answer") == pytest.approx(lost)
    own = value("cheating", "lost when its own other key proves it first")
    assert lost > own > LOCALNET_PARAMETERS.job_registry.kappa / 2


def test_traps_outweigh_what_a_lazy_verifier_saves() -> None:
    lazy = "accepting unchecked"
    lost = value(lazy, "burned by traps, expected per ballot")
    assert lost > value(lazy, "saved per ballot") > 0
    rarer = replace(charges(LOCALNET_PARAMETERS), trap_rate_bps=0)
    found = figures(economics(LOCALNET_PARAMETERS, 3), rarer, DEMANDED)
    assert next(each.value for each in found if each.what.startswith("burned by")) == 0


def test_keys_win_what_their_stake_is_worth() -> None:
    keys = "choosing keys"
    fair = value(keys, "stake on 300 keys")
    assert fair == pytest.approx(1 / 301)
    assert value(keys, "won by them") == pytest.approx(fair, rel=0.2)
    assert value(keys, "won by them if stake counted on arrival") > 100 * fair


def test_dust_joins_no_task() -> None:
    least = DEMANDED.join_kappa * NLOV
    assert admitted(DEMANDED, 3 * NLOV // 10, NLOV) == 0
    assert admitted(DEMANDED, least - 1, NLOV) == 0
    assert admitted(DEMANDED, least, NLOV) == 1
    assert admitted(DEMANDED, 30 * NLOV, NLOV) == 3
    assert admitted(DEMANDED, 30 * NLOV, NLOV // 100) == 7


def test_all_seats_bind_collateral_and_are_outbid_by_a_quarter() -> None:
    least = DEMANDED.min_verifier_stake
    assert value("squatting", "bound while all 1,024 seats are held") * NLOV == 1_024 * least
    assert value("squatting", "outbids a seat, at equal catch rates") * NLOV == 1.25 * least
    silent = value("squatting", "silent ballots until anybody may evict a seat")
    assert least - silent * DEMANDED.silence_fee < least / 2
    assert least - (silent - 1) * DEMANDED.silence_fee >= least / 2


def test_filling_seats_costs_a_fee_per_ballot() -> None:
    fee = DEMANDED.ballot_exposure // 50
    cost = crowding_out(DEMANDED, 7, 5)
    assert cost == 63 * fee + 13 * DEMANDED.posting_fee
    locked = 63 * (DEMANDED.ballot_exposure + DEMANDED.silence_fee)
    assert cost >= 2 * locked / 100
    free = replace(DEMANDED, ballot_rent_bps=0, posting_fee=0)
    assert crowding_out(free, 7, 5) == 0


def test_blocking_takes_as_many_runs_as_deciding() -> None:
    tasks = "blocking tasks"
    assert value(tasks, "a third of the joining stake blocks 3 runs") == pytest.approx(7 / 27)
    assert value(tasks, "a third of the joining stake blocks 7 runs") == pytest.approx(
        0.173, abs=1e-3
    )
    for runs, seen in ((3, 1), (7, 3)):
        burned = value(tasks, f"burned by a buyer that blocks {runs} runs to see {seen}")
        assert burned == runs / 2 > seen
        silent = value(tasks, f"the same with one key that commits and {seen} silent")
        assert burned == silent == silent_blocking(DEMANDED, runs) > seen
    tenth = replace(DEMANDED, run_bond_bps=1_000)
    assert silent_blocking(tenth, 3) == pytest.approx(1.1)
    assert silent_blocking(tenth, 7) == pytest.approx(2.3)


def test_reputation_is_bought_with_fees_and_stake() -> None:
    assert (15 / 16) ** wash_jobs() <= 0.1 < (15 / 16) ** (wash_jobs() - 1)
    fees = wash_jobs() * (NLOV // 20 + DEMANDED.posting_fee)
    assert washing(replace(DEMANDED, ballot_rent_bps=0)) == pytest.approx(fees)
    assert fees < washing(DEMANDED) < fees + wash_jobs() * DEMANDED.ballot_fee
    assert value("washing", "stake that each exposes") == 25


def test_an_ask_changes_no_exposure() -> None:
    assert DEMANDED.exposure(10 * NLOV) == 250 * NLOV
    assert DEMANDED.exposure(1) == DEMANDED.exposure(0) == DEMANDED.min_exposure > 0


def test_a_stolen_key_loses_its_budget_and_a_stolen_authority_waits() -> None:
    assert 275 < value("stolen operator key", "lost of a budget of 300 NLOV by lying") <= 300
    wait = value("stolen authority", "wait before its terms apply")
    assert wait == DEMANDED.unbonding_slots + 3 * DEMANDED.checkpoint_slots
    assert value("stolen authority", "wait until the fee is at its bound") == 2 * wait
