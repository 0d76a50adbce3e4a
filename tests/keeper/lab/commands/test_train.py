import json

import pytest

from keeper.cli.app import BAD_INPUT, run


def test_two_providers_learn_and_are_paid(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--providers", "2", "--steps", "2", "--executor", "numpy", "--json")
    assert run(["train", "digits", *options]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["failures"] == []
    assert document["bit_exact"] is True
    assert document["balances_conserved"] is True
    assert document["accuracy_after"] > 2 * document["accuracy_before"]
    assert document["leaves_checked"] == 2 * 74
    settled = document["settlements"]
    assert sum(settled["outcomes"].values()) == settled["jobs"] >= 2 * 3
    assert settled["paid"]["provider 1"] > 0
    model = document["predicted"]
    expected = model["N"] * model["G"] * model["E"] / (1 + model["L"] / model["C"])
    assert model["P"] == pytest.approx(expected)
    work = document["multiply_adds_a_step"]
    assert document["measured"]["P"] == pytest.approx(work / document["measured"]["step_seconds"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--providers", "1"), "1 is not in the range 2<=x<=7"),
        (("--steps", "1"), "1 is not in the range 2<=x<=40"),
        (("--batch", "800"), "a batch of 800; every shard has 479 examples"),
        (("--rate", "0"), "learning rate 0.0; it must be above 0 and at most 1"),
        (("--rate", "nan"), "learning rate nan; it must be above 0 and at most 1"),
    ],
)
def test_bad_input_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    assert run(["train", "digits", "--executor", "numpy", *options]) == BAD_INPUT
    found = capsys.readouterr()
    assert told in found.err
    assert found.out == ""
