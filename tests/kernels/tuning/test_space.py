"""The meaning of a [tuning] table, and the tables that are refused."""

from typing import Any

import pytest

from kernels.tuning import Space, SpaceError, specialise

TABLE = {
    "GROUP_X": [8, 16],
    "GROUP_Y": [8, 4, 32],
    "constraints": [{"product": ["GROUP_X", "GROUP_Y"], "most": 256}],
}


def test_points_are_every_combination_within_the_constraints_default_first() -> None:
    space = Space.parse(TABLE)
    assert list(space.points()) == [
        {"GROUP_X": 8, "GROUP_Y": 8},
        {"GROUP_X": 8, "GROUP_Y": 4},
        {"GROUP_X": 8, "GROUP_Y": 32},
        {"GROUP_X": 16, "GROUP_Y": 8},
        {"GROUP_X": 16, "GROUP_Y": 4},
    ]
    assert space.default == {"GROUP_X": 8, "GROUP_Y": 8}


def test_kernel_without_choices_has_one_point() -> None:
    assert list(Space.parse({}).points()) == [{}] == [Space.parse({}).default]


def test_only_points_are_in_the_space() -> None:
    space = Space.parse(TABLE)
    assert {"GROUP_Y": 4, "GROUP_X": 16} in space
    for other in ({"GROUP_X": 8}, {"GROUP_X": 8, "GROUP_Y": 5}, {"GROUP_X": 16, "GROUP_Y": 32}, 7):
        assert other not in space


def test_an_adapters_limits_narrow_the_space() -> None:
    space = Space.parse(TABLE).within({("GROUP_X", "GROUP_Y"): 64})
    assert [tuple(point.values()) for point in space.points()] == [(8, 8), (8, 4), (16, 4)]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"tile": [1]}, "'tile' is not an upper-case name of a constant"),
        ({"TILE": 4}, "TILE must list distinct integers"),
        ({"TILE": []}, "TILE must list distinct integers"),
        ({"TILE": [4, 4]}, "TILE must list distinct integers"),
        ({"TILE": [4, True]}, "TILE must list distinct integers"),
        ({"TILE": [-1]}, "TILE has a value that is not a u32"),
        ({"TILE": [1 << 32]}, "TILE has a value that is not a u32"),
        (
            {"TILE": [4], "constraints": [{"product": ["TILE"]}]},
            "a constraint has a `product` and the `most` that it may be",
        ),
        (
            {"TILE": [4], "constraints": [{"product": ["SIZE"], "most": 4}]},
            r"the constraint on ['SIZE'] names something that the table lacks",
        ),
        (
            {"TILE": [4], "constraints": [{"product": ["TILE"], "most": "4"}]},
            "the constraint on TILE has no whole number as `most`",
        ),
        (
            {"TILE": [8, 4], "constraints": [{"product": ["TILE"], "most": 4}]},
            "the first values break a constraint, so there is no default",
        ),
    ],
)
def test_malformed_table_is_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        Space.parse(table)
    assert str(caught.value) == message


def test_constants_precede_the_source() -> None:
    assert specialise("fn main() {}", {"TILE": 4, "GROUP": 64}) == (
        "const TILE: u32 = 4u;\nconst GROUP: u32 = 64u;\nfn main() {}"
    )
