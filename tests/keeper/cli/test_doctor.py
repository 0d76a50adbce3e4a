"""`neurolov doctor` on the URL that a key has registered, and on whom it may act for."""

import asyncio
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from keeper.cli import doctor
from keeper.node.payment import NLOV
from neurolov_client import staking


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


OWNER, HOT, OTHER = (Pubkey(bytes([number] * 32)) for number in (1, 2, 3))


def position(**fields: object) -> staking.Position:
    empty = staking.Position.decode(
        staking.Position.DISCRIMINATOR + bytes((staking.Position.SIZE or 8) - 8), owner=staking.ID
    )
    return replace(empty, owner=OWNER, **fields)  # type: ignore[arg-type]


NAMED = position(operator=HOT, operator_budget=5 * NLOV, operator_exposed=2 * NLOV)


@pytest.mark.parametrize(
    ("held", "signer", "ok", "detail"),
    [
        (NAMED, HOT, True, "2 of 5 NLOV at risk"),
        (NAMED, OWNER, True, "this is the owner's own key"),
        (None, OWNER, True, "this is the owner's own key"),
        (NAMED, OTHER, False, f"the operator of {OWNER} is {HOT}, not {OTHER}"),
        (position(), HOT, False, f"{OWNER} has named no operator"),
        (None, HOT, False, f"{OWNER} has no stake"),
        (replace(NAMED, operator_exposed=5 * NLOV), HOT, False, "it takes no new work"),
        (replace(NAMED, operator_budget=0), HOT, False, "2 of 0 NLOV"),
    ],
)
def test_a_key_is_judged_by_whom_it_may_act_for(
    held: staking.Position | None, signer: Pubkey, ok: bool, detail: str
) -> None:
    found = doctor.operator_check(held, OWNER, signer)
    assert (found.name, found.ok) == ("operator", ok)
    assert detail in found.detail
    assert ok or "neurolov stake operator set" in found.detail + found.advice
