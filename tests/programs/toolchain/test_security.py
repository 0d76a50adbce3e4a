"""The built programs tell whoever finds a weakness in them where to report it."""

from pathlib import Path

import pytest

from neurolov_client import PROGRAM_IDS

BUILT = Path(__file__).parents[3] / "programs" / "built"
BEGIN = b"=======BEGIN SECURITY.TXT V1=======\0"
END = b"=======END SECURITY.TXT V1=======\0"


@pytest.mark.parametrize("name", sorted(PROGRAM_IDS))
def test_a_program_has_one_text_with_what_explorers_need(name: str) -> None:
    code = (BUILT / f"{name}.so").read_bytes()
    assert (code.count(BEGIN), code.count(END)) == (1, 1)
    text = code.partition(BEGIN)[2].partition(END)[0].decode("utf-8")
    *words, last = text.split("\0")
    fields = dict(zip(words[::2], words[1::2], strict=True))
    assert last == ""
    assert fields["name"] == f"Neurolov {name}"
    assert {"project_url", "contacts", "policy"} <= fields.keys()
    assert "SECURITY.md" in fields["policy"]
