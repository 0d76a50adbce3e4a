from dataclasses import replace
from pathlib import Path

import pytest

from keeper.lab.commands.simulate import charges, economics
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.simulation.threats import Figure, figures

ROOT = Path(__file__).parents[4]
THREATS = ROOT / "programs" / "verdict" / "THREATS.md"


def known(verifiers: int = 3) -> tuple[Figure, ...]:
    return figures(economics(LOCALNET_PARAMETERS, verifiers), charges(LOCALNET_PARAMETERS))


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
    found = figures(economics(LOCALNET_PARAMETERS, 3), rarer)
    assert next(each.value for each in found if each.what.startswith("burned by")) == 0
