import pytest

from keeper.cli.app import BAD_INPUT, run


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--providers", "1"), "1 is not in the range 2<=x<=7"),
        (("--steps", "1"), "1 is not in the range 2<=x<=40"),
        (("--batch", "800"), "a batch of 800; every shard has 479 examples"),
        (("--rate", "0"), "learning rate 0.0; it is above 0 and at most 1"),
        (("--rate", "nan"), "learning rate nan; it is above 0 and at most 1"),
    ],
)
def test_bad_input_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    assert run(["train", "digits", "--executor", "numpy", *options]) == BAD_INPUT
    found = capsys.readouterr()
    assert told in found.err
    assert found.out == ""
