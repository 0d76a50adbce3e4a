from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.lab.simulation import Economics, SimulationInputError, sampling_probability

LOCALNET = Economics(
    p_floor_bps=1_000,
    collusion_bps=2_500,
    lazy_bps=0,
    slash_burn_bps=5_000,
    kappa=25,
    bounty_bps=5_000,
    bond_bps=1_000,
    fee_bps=500,
    verifiers=3,
)
shares = st.integers(0, 10_000)
some_economics = st.builds(
    Economics,
    p_floor_bps=shares,
    collusion_bps=shares,
    lazy_bps=shares,
    slash_burn_bps=shares,
    kappa=st.integers(0, 300),
    bounty_bps=shares,
    bond_bps=shares,
    fee_bps=shares,
    verifiers=st.sampled_from([1, 3, 5]),
)


def test_the_numbers_of_the_design() -> None:
    assert LOCALNET.deterrence == pytest.approx(1.0125)
    assert replace(LOCALNET, collusion_bps=0).deterrence == pytest.approx(1.35)
    assert LOCALNET.accepted
    # The programs' own boundary, to the basis point.
    assert replace(LOCALNET, collusion_bps=2_592).accepted
    assert not replace(LOCALNET, collusion_bps=2_593).accepted
    assert replace(LOCALNET, lazy_bps=123).accepted
    assert not replace(LOCALNET, lazy_bps=124).accepted
    assert not replace(LOCALNET, collusion_bps=0, kappa=15).accepted


def test_equality_is_refused() -> None:
    even = replace(LOCALNET, p_floor_bps=10_000, collusion_bps=0, kappa=0)
    assert even.deterrence == 1
    assert not even.accepted


@given(some_economics, some_economics)
def test_the_bound_falls_with_what_deters(left: Economics, right: Economics) -> None:
    stronger = replace(
        left,
        p_floor_bps=max(left.p_floor_bps, right.p_floor_bps),
        collusion_bps=min(left.collusion_bps, right.collusion_bps),
        lazy_bps=min(left.lazy_bps, right.lazy_bps),
        slash_burn_bps=max(left.slash_burn_bps, right.slash_burn_bps),
        kappa=max(left.kappa, right.kappa),
    )
    assert stronger.bound <= left.bound
    assert stronger.accepted or not left.accepted


@given(shares)
def test_sampling_runs_from_certainty_to_the_floor(floor: int) -> None:
    assert sampling_probability(0, floor) == 1
    assert sampling_probability(65_536, floor) == pytest.approx(floor / 10_000)
    assert sampling_probability(10**6, floor) == sampling_probability(65_536, floor)


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("p_floor_bps", -1, "p_floor_bps is -1; choose a share from 0 to 10000"),
        ("collusion_bps", 10_001, "collusion_bps is 10001; choose a share from 0 to 10000"),
        ("kappa", -1, "kappa is -1; choose 0 or more"),
        ("verifiers", 2, r"verifiers is 2; choose one of \(1, 3, 5\)"),
    ],
)
def test_impossible_parameters(field: str, value: int, advice: str) -> None:
    with pytest.raises(SimulationInputError, match=advice):
        replace(LOCALNET, **{field: value})
