"""Documents as text, and progress that fits the terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from keeper.cli.output import answer, tell, told

ADDRESS = "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne"


def test_a_document_is_told_without_python() -> None:
    document: dict[str, Any] = {
        "job": ADDRESS,
        "seat": None,
        "is_open": True,
        "price": 12_500_000_000,
        "operators": 12_345,
        "rate": 0.25,
        "ballots": ["accept", "reject"],
        "nothing": [],
        "stake": {"staked": 1_000_000_000, "operator": None, "empty": {}},
        "tickets": [{"number": 1, "price": 2_000_000_000}, {"number": 2, "price": None}],
        "mixed": [{"a": 1}, None],
    }
    assert list(told(document, amounts={"price", "staked"})) == [
        f"job: {ADDRESS}",
        "seat: none",
        "is open: yes",
        "price: 12.5 NLOV",
        "operators: 12,345",
        "rate: 0.25",
        "ballots: accept, reject",
        "nothing: none",
        "stake:",
        "  staked: 1 NLOV",
        "  operator: none",
        "  empty: none",
        "tickets:",
        "  - number: 1",
        "    price: 2 NLOV",
        "  - number: 2",
        "    price: none",
        "mixed:",
        "  - a: 1",
        "  - none",
    ]


def test_json_keeps_base_units_and_lines_replace_the_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer({"price": 5, "seat": None}, True, "five", amounts={"price"})
    answer({"price": 5, "seat": None}, False, "five", amounts={"price"})
    answer({"price": 5, "seat": None}, False, amounts={"price"})
    assert capsys.readouterr().out == (
        '{\n  "price": 5,\n  "seat": null\n}\nfive\nprice: 0.000000005 NLOV\nseat: none\n'
    )


def test_progress_is_folded_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"slot 1,234: job {ADDRESS} " + "is committed and waits for verifiers " * 3
    tell(line)
    tell(f"https://{ADDRESS * 2}/")
    tell("")
    *folded, address, empty = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert " ".join(each.strip() for each in folded) == line.strip()
    assert len(folded) == 3
    assert all(len(each) <= 80 for each in folded)
    assert all(each.startswith("  ") for each in folded[1:])
    assert (address, empty) == (f"https://{ADDRESS * 2}/", "")


def test_what_a_label_tells_stays_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    tell("locked:   " + "word " * 20 + "\n          " + "word " * 20)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert [line[:10] for line in lines] == ["locked:   ", *[" " * 10] * 3]
    tell("in SOL:   " + "word " * 20)
    assert [line[:10] for line in capsys.readouterr().err.splitlines()] == ["in SOL:   ", " " * 10]


def test_an_address_is_short_only_where_it_was_whole_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, other = f"{ADDRESS[:-1]}1", f"{ADDRESS[:-1]}2"
    tell(f"claimed by {address}")
    tell(f"claimed by {address} once more")
    tell(f"claimed by {address} and by {other} for a price that both had asked")
    tell(f"go on with: neurolov job follow {address} --output a-file-with-a-name-of-its-own.npy")
    told = capsys.readouterr().err
    assert told.splitlines()[:2] == [f"claimed by {address}", f"claimed by {address} once more"]
    assert f"claimed by {address[:8]}… and by" in told
    assert other in told
    command = f"neurolov job follow {address} --output a-file-with-a-name-of-its-own.npy"
    assert [line.strip() for line in told.splitlines()[-2:]] == ["go on with:", command]


@pytest.mark.parametrize("columns", [40, 120])
def test_progress_fits_a_terminal(tmp_path: Path, columns: int) -> None:
    """A real process writes to a terminal of this width."""
    master, slave = pty.openpty()
    program = "from keeper.cli.output import tell; tell('word ' * 50)"
    environment = {**os.environ, "COLUMNS": str(columns)}
    subprocess.run([sys.executable, "-c", program], check=True, stderr=slave, env=environment)
    os.close(slave)
    written = os.read(master, 4096).decode().splitlines()
    os.close(master)
    assert columns - 5 < max(map(len, written)) <= columns
    assert " ".join(each.strip() for each in written) == ("word " * 50).strip()
