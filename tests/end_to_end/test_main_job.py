"""The main job as its parties see it: who is paid, and how much, to the last base unit."""

import pytest

from keeper.lab.commands.demonstration.story import Script
from keeper.lab.market.cheats import Cheat
from tests.end_to_end.conftest import Play


def test_an_honest_provider_is_paid(played: Play) -> None:
    report = played(Script())
    assert report.failures == ()
    assert report.verdict == "accepted"
    assert report.accuracy >= 0.96
    assert report.bit_exact
    assert report.conserved


@pytest.mark.parametrize("cheat", list(Cheat))
def test_a_cheat_is_proven_slashed_and_the_buyer_refunded(played: Play, cheat: Cheat) -> None:
    report = played(Script(cheat))
    assert report.failures == ()
    assert report.verdict == "fraud"
    assert report.proof is not None
    assert report.proof.expected != report.proof.committed
    assert report.proof.slashed > report.proof.burned > 0
    assert report.burned >= report.proof.burned
    assert not report.bit_exact
    assert report.conserved


def test_another_provider_completes_what_a_silent_one_claimed(played: Play) -> None:
    report = played(Script(silent=True))
    assert report.failures == ()
    assert report.verdict == "accepted"
    assert report.bit_exact
    assert report.conserved
