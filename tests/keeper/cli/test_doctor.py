"""`neurolov doctor` on the URL that a key has registered."""

import asyncio

import pytest

from keeper.cli import doctor


@pytest.mark.parametrize(
    ("url", "allow_private", "ok", "detail"),
    [
        ("http://8.8.8.8:7010", False, True, "http://8.8.8.8:7010"),
        ("http://127.0.0.1:7010", True, True, "http://127.0.0.1:7010"),
        ("http://localhost:7010", True, True, "http://localhost:7010"),
        ("http://localhost:7010", False, False, "localhost is at"),
        ("http://10.0.0.3:7010", False, False, "10.0.0.3 is not a public address (private)"),
        ("", False, False, "'' is not an http URL"),
    ],
)
def test_the_registered_endpoint_is_judged_as_others_will(
    url: str, allow_private: bool, ok: bool, detail: str
) -> None:
    found = asyncio.run(doctor._endpoint(url, allow_private))
    assert (found.name, found.ok) == ("endpoint", ok)
    assert detail in found.detail
    assert "--public-url" in found.advice or ok
