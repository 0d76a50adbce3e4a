"""`provider drain`, `resume` and `deregister`, and `verifier leave`, as an owner's commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from neurolov_client import job_registry
from neurolov_client.bindings.staking import NO_SEAT
from tests.keeper.cli.cluster import Cluster
from tests.keeper.cli.test_stake import STAKED, Owner, fetched

URL = "http://127.0.0.1:7010"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


@pytest.fixture
def owner(cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Owner:
    found = Owner(cluster, tmp_path, "owner", capsys)
    found.does("stake", "add", STAKED)
    return found


@pytest.fixture
def hot(cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Owner:
    return Owner(cluster, tmp_path, "hot", capsys)


def registered(cluster: Cluster, owner: Owner) -> job_registry.Provider:
    address = job_registry.provider_address(owner.key)
    found: job_registry.Provider = fetched(cluster, job_registry.Provider, address)
    return found


def test_a_provider_drains_resumes_and_takes_its_rent_back(
    cluster: Cluster, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    owner.does("provider", "register", "--public-url", URL, "--ask", "7")
    assert owner.does("provider", "drain") == {
        "provider": str(owner.key),
        "draining": True,
        "held": [],
    }
    assert registered(cluster, owner).draining == 1
    # Registering again, as `provider run` does, leaves a drained provider drained.
    owner.does("provider", "register", "--public-url", URL, "--ask", "8")
    assert (registered(cluster, owner).ask, registered(cluster, owner).draining) == (8 * NLOV, 1)
    assert run(["provider", "drain", *owner.chain]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"provider {owner.key} takes nothing more",
        "nothing is held, so its node may be stopped",
    ]
    assert owner.does("provider", "resume")["draining"] is False
    assert registered(cluster, owner).draining == 0

    address = job_registry.provider_address(owner.key)
    rent = cluster.net.bank.balance(address)
    gone = owner.does("provider", "deregister")
    assert gone == {
        "provider": str(owner.key),
        "deregistered": True,
        "rent_lamports": rent,
        "staked": STAKED * NLOV,
    }
    assert cluster.net.bank.account(address) is None
    for command in ("drain", "resume", "deregister"):
        assert "is not registered as a provider" in owner.is_refused("provider", command)


def test_an_operator_drains_and_resumes_and_deregisters_nothing(
    cluster: Cluster, owner: Owner, hot: Owner
) -> None:
    owner.does("provider", "register", "--public-url", URL)
    owner.does("stake", "operator", "set", hot.key, "--budget", 100)
    hot.does("provider", "drain", "--owner", owner.key)
    assert registered(cluster, owner).draining == 1
    hot.does("provider", "resume", "--owner", owner.key)
    assert registered(cluster, owner).draining == 0
    told = hot.is_refused("provider", "deregister", "--owner", owner.key)
    assert told == f"error: only the key of {owner.key} may do this: deregister provider\n"
    assert registered(cluster, owner).draining == 0
    told = hot.is_refused("verifier", "leave", "--owner", owner.key)
    assert told == f"error: only the key of {owner.key} may do this: leave the seat\n"


def test_a_verifier_leaves_its_seat_and_then_closes_it(
    cluster: Cluster, owner: Owner, hot: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    owner.does("stake", "seat", "take", "--collateral", 150)
    owner.does("verifier", "register", "--public-url", URL)
    epoch = cluster.net.bank.slot // CHECKPOINT_SLOTS
    closable = (epoch + 2) * CHECKPOINT_SLOTS
    leaving = owner.does("verifier", "leave")
    assert (leaving["seat"], leaving["closed"], leaving["held"]) == (0, False, [])
    assert leaving["closable_from"]["slot"] == closable
    assert leaving["keep_running_until"]["slot"] == closable + 300
    assert leaving["collateral"] == 150 * NLOV
    assert owner.position().collateral == 150 * NLOV
    # Leaving once more changes nothing before the seat can be closed.
    assert run(["verifier", "leave", *owner.chain]) == 0
    told = capsys.readouterr().out
    assert f"seat 0 of {owner.key} is vacated" in told
    assert f"from slot {closable:,} (" in told
    assert owner.position().seat == 0

    cluster.net.bank.advance(2 * CHECKPOINT_SLOTS)
    address = job_registry.verifier_address(owner.key)
    rent = cluster.net.bank.balance(address)
    assert owner.does("verifier", "leave", "--wait") == {
        "verifier": str(owner.key),
        "seat": None,
        "closed": True,
        "rent_lamports": rent,
        "staked": STAKED * NLOV,
        "held": [],
    }
    assert (owner.position().seat, owner.position().collateral) == (NO_SEAT, 0)
    assert cluster.net.bank.account(address) is None


def test_who_has_no_stake_has_nothing_to_leave(hot: Owner) -> None:
    assert "has no stake; run: neurolov stake" in hot.is_refused("verifier", "leave")
