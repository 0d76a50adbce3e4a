"""Secrets on disk."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from keeper.files import replace_atomically
from keeper.node.vault import JOB_SALTS, TICKET_SALTS, Document, Format, Salts, Vault, vault
from tests.keeper.exact.decisions.views import JOB, key


def _encoded(secret: int) -> Document:
    return {"number": secret}


def _decoded(document: Document) -> int:
    return int(document["number"])


NUMBERS: Format[str, int] = Format("numbers", str, str, _encoded, _decoded)


def test_a_secret_survives_and_is_private(tmp_path: Path) -> None:
    kept = Vault(tmp_path).secrets(NUMBERS)
    assert kept.keys() == frozenset()
    kept.keep("one", 1)
    kept.keep("two", 2, b"payload")
    again = Vault(tmp_path).secrets(NUMBERS)
    assert again.keys() == {"one", "two"}
    assert (again.get("one"), again.get("two"), again.payload("two")) == (1, 2, b"payload")
    files = list((tmp_path / "numbers").iterdir())
    assert len(files) == 3
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_a_discarded_secret_is_gone(tmp_path: Path) -> None:
    kept = Vault(tmp_path).secrets(NUMBERS)
    kept.keep("two", 2, b"payload")
    kept.discard("two")
    kept.discard("two")
    assert not list((tmp_path / "numbers").iterdir())
    for read in (kept.get, kept.payload):
        with pytest.raises(KeyError):
            read("two")


def test_a_secret_without_payload_has_none(tmp_path: Path) -> None:
    kept = Vault(tmp_path).secrets(NUMBERS)
    kept.keep("one", 1)
    with pytest.raises(KeyError):
        kept.payload("one")


def test_a_crash_while_keeping_leaves_the_secret_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Vault(tmp_path).secrets(NUMBERS)
    kept.keep("one", 1)
    replace = replace_atomically

    @contextmanager
    def cut_off(path: Path) -> Iterator[BinaryIO]:
        with replace(path) as file:
            yield file
            raise OSError("power cut")

    monkeypatch.setattr(vault, "replace_atomically", cut_off)
    with pytest.raises(OSError, match="power cut"):
        kept.keep("one", 2)
    assert kept.get("one") == 1
    assert [path.name for path in (tmp_path / "numbers").iterdir()] == ["one.json"]


def test_a_crash_between_payload_and_record_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Vault(tmp_path).secrets(NUMBERS)

    def cut_off(*_: object, **__: object) -> str:
        raise OSError("power cut")

    monkeypatch.setattr(json, "dumps", cut_off)
    with pytest.raises(OSError, match="power cut"):
        kept.keep("two", 2, b"payload")
    assert kept.keys() == frozenset()
    with pytest.raises(KeyError):
        kept.get("two")


def test_a_salt_is_drawn_once_and_is_private(tmp_path: Path) -> None:
    salts = Salts(Vault(tmp_path))
    assert salts.get(JOB) is None
    salt = salts.draw(JOB)
    assert len(salt) == 32
    assert Salts(Vault(tmp_path)).draw(JOB) == salt
    assert salts.draw(key(9)) != salt
    folder = tmp_path / JOB_SALTS.folder
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())


def test_the_salts_of_jobs_and_of_tickets_are_apart(tmp_path: Path) -> None:
    vaulted = Vault(tmp_path)
    assert Salts(vaulted).draw(JOB) != Salts(vaulted, TICKET_SALTS).draw(JOB)
