"""Naming an operator, and taking, keeping and giving up a seat."""

import asyncio
import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.configuration import create_keypair
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS, localnet_mint
from keeper.node.accounts import tokens_of
from keeper.node.registration import Registrar
from neurolov_client import staking
from neurolov_client.bindings.staking import NO_SEAT, Tenure
from tests.keeper.cli.cluster import Cluster

STAKED = 500
UNBONDING_SLOTS = LOCALNET_PARAMETERS.staking.unbonding_slots
NAMED, NOBODY = str(Pubkey(bytes([5] * 32))), str(Pubkey.default())


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


class Owner:
    """A key with stake, and the commands that it runs."""

    def __init__(
        self, cluster: Cluster, folder: Path, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._cluster = cluster
        self._capsys = capsys
        self.key = create_keypair(folder / f"{name}.json").pubkey()
        self.chain = [
            *("--url", cluster.net.url, "--allow-private"),
            *("--folder", str(folder / name), "--keypair", str(folder / f"{name}.json")),
        ]
        cluster.fund(self.key, STAKED * NLOV)

    def does(self, *arguments: object) -> dict[str, Any]:
        assert run([*map(str, arguments), "--json", *self.chain]) == 0
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return document

    def shows(self, *arguments: object) -> str:
        assert run([*map(str, arguments), *self.chain]) == 0
        return str(self._capsys.readouterr().out)

    def is_refused(self, *arguments: object, status: int = 2) -> str:
        assert run([*map(str, arguments), "--json", *self.chain]) == status
        printed = self._capsys.readouterr()
        assert printed.out == ""
        return printed.err

    def position(self) -> staking.Position:
        address = staking.position_address(self.key)
        found: staking.Position = fetched(self._cluster, staking.Position, address)
        return found


def fetched(cluster: Cluster, kind: Any, address: Pubkey) -> Any:
    raw = cluster.net.bank.account(address)
    assert raw is not None
    return kind.decode(bytes(raw.data), owner=raw.owner)


@pytest.fixture
def owner(cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Owner:
    found = Owner(cluster, tmp_path, "owner", capsys)
    found.does("stake", "add", STAKED)
    return found


@pytest.fixture
def hot(cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Owner:
    return Owner(cluster, tmp_path, "hot", capsys)


def test_an_operator_is_named_shown_and_cleared(owner: Owner, hot: Owner) -> None:
    told = {
        "owner": str(owner.key),
        "operator": str(hot.key),
        "budget": 60 * NLOV,
        "exposed": 0,
        "left": 60 * NLOV,
        "can_lose": 60 * NLOV,
    }
    assert owner.does("stake", "operator", "set", hot.key, "--budget", 60) == told
    held = owner.position()
    assert (held.operator, held.operator_budget) == (hot.key, 60 * NLOV)
    assert owner.does("stake", "operator", "show") == told
    assert hot.does("stake", "operator", "show", "--owner", owner.key) == told
    cleared = told | {"operator": None, "budget": 0, "left": 0, "can_lose": 0}
    assert owner.does("stake", "operator", "clear") == cleared
    assert owner.position().operator == Pubkey.default()


def test_what_an_earlier_operator_has_at_risk_can_still_be_lost(
    cluster: Cluster, owner: Owner, hot: Owner
) -> None:
    owner.does("stake", "operator", "set", hot.key, "--budget", 60)
    address = staking.position_address(owner.key)
    raw = cluster.net.bank.account(address)
    assert raw is not None
    data = bytearray(raw.data)
    at = staking.Position.OFFSETS["operator_exposed"]
    data[at : at + 8] = (40 * NLOV).to_bytes(8, "little")
    cluster.net.bank.set_account(address, type(raw)(raw.lamports, bytes(data), raw.owner))
    shown = owner.does("stake", "operator", "set", hot.key, "--budget", 25)
    assert (shown["budget"], shown["exposed"]) == (25 * NLOV, 40 * NLOV)
    assert (shown["left"], shown["can_lose"]) == (0, 40 * NLOV)
    assert owner.does("stake", "operator", "clear")["can_lose"] == 40 * NLOV


def test_only_an_owner_names_its_operator(owner: Owner, hot: Owner) -> None:
    message = owner.is_refused("stake", "operator", "set", owner.key, "--budget", 1)
    assert "is the owner's own key" in message
    assert "has no stake" in hot.is_refused("stake", "operator", "set", owner.key, "--budget", 1)
    assert "has no stake" in hot.is_refused("stake", "operator", "show")
    assert "is not an address" in owner.is_refused("stake", "operator", "set", "abc", "--budget", 1)
    assert "--budget" in owner.is_refused("stake", "operator", "set", hot.key)
    assert owner.position().operator == Pubkey.default()


@pytest.mark.parametrize(
    "command", [["verifier", "run"], ["challenge", NOBODY := str(Pubkey.default())]]
)
def test_a_key_that_no_owner_named_may_not_act(
    command: list[str], owner: Owner, hot: Owner
) -> None:
    acting = [*command, "--owner", str(owner.key), *hot.chain]
    assert run(acting) == 2
    assert f"{owner.key} has named no operator" in hot._capsys.readouterr().err
    owner.does("stake", "operator", "set", NAMED, "--budget", 60)
    assert run(acting) == 2
    assert f"the operator of {owner.key} is {NAMED}, not {hot.key}" in hot._capsys.readouterr().err
    assert run([*command, "--owner", NAMED, *hot.chain]) == 2
    assert f"{NAMED} has no stake, so nobody can act for it" in hot._capsys.readouterr().err


def test_an_operator_registers_nothing(owner: Owner, hot: Owner) -> None:
    owner.does("stake", "operator", "set", hot.key, "--budget", 60)
    acting = ["--owner", str(owner.key), *hot.chain]
    assert run(["verifier", "run", "--port", "0", *acting]) == 2
    assert f"{owner.key} holds no seat" in hot._capsys.readouterr().err
    assert run(["provider", "run", "--executor", "numpy", "--port", "0", *acting]) == 2
    message = hot._capsys.readouterr().err
    assert f"{owner.key} is not registered as a provider" in message
    assert "neurolov provider register" in message
    assert run(["provider", "run", "--ask", "3", *acting]) == 2
    assert "--ask belongs to the registration" in hot._capsys.readouterr().err
    assert run(["verifier", "run", "--collateral", "3", *acting]) == 2
    assert "--collateral takes the owner's key" in hot._capsys.readouterr().err


def test_an_owner_registers_what_its_operator_runs(cluster: Cluster, owner: Owner) -> None:
    url = "http://127.0.0.1:7010"
    told = owner.does("provider", "register", "--public-url", url, "--ask", 3)
    assert told == {"provider": str(owner.key), "ask": 3 * NLOV, "url": url}
    again = owner.does("provider", "register", "--public-url", url, "--ask", 4)
    assert again["ask"] == 4 * NLOV
    assert "holds no seat" in owner.is_refused("verifier", "register", "--public-url", url)
    owner.does("stake", "seat", "take", "--collateral", 100)
    told = owner.does("verifier", "register", "--public-url", url)
    assert told == {"verifier": str(owner.key), "seat": 0, "url": url}


def test_a_seat_binds_what_it_is_told_to(owner: Owner) -> None:
    taken = owner.does("stake", "seat", "take", "--collateral", 150)
    assert (taken["seat"], taken["seat_state"], taken["collateral"]) == (0, "held", 150 * NLOV)
    assert owner.does("stake", "seat", "take")["collateral"] == 150 * NLOV
    assert owner.does("stake", "seat", "add", 50)["collateral"] == 200 * NLOV
    refusal = owner.is_refused("stake", "unstake", 301, status=1)
    assert "InsufficientFreeStake" in refusal
    assert owner.position().amount == STAKED * NLOV


def test_a_seat_binds_all_free_stake_by_default(owner: Owner) -> None:
    owner.does("stake", "unstake", 100)
    assert owner.does("stake", "seat", "take")["collateral"] == 400 * NLOV


def test_collateral_below_the_minimum_is_refused(owner: Owner) -> None:
    refusal = owner.is_refused("stake", "seat", "take", "--collateral", 99, status=1)
    assert "BelowVerifierMinimum" in refusal
    assert owner.position().seat == NO_SEAT


def test_a_vacated_seat_is_closed_by_anybody_two_epochs_later(
    cluster: Cluster, owner: Owner, hot: Owner
) -> None:
    assert "holds no seat" in owner.is_refused("stake", "seat", "vacate")
    assert "seat 0 is free" in hot.is_refused("stake", "seat", "close", 0)
    owner.does("stake", "seat", "take", "--collateral", 150)
    assert "SufficientlyCollateralised" in hot.is_refused("stake", "seat", "evict", 0, status=1)
    assert owner.does("stake", "seat", "vacate")["seat_state"] == "vacated"
    assert "holds no seat" in owner.is_refused("stake", "seat", "add", 10)
    assert "SeatStillDrawable" in hot.is_refused("stake", "seat", "close", 0, status=1)
    assert owner.position().collateral == 150 * NLOV
    cluster.net.bank.advance(2 * CHECKPOINT_SLOTS)
    hot.does("stake", "open")
    assert hot.does("stake", "seat", "close", 0)["closed"] == 0
    held = owner.position()
    assert (held.seat, held.tenure, held.collateral) == (NO_SEAT, Tenure.HELD, 0)


def test_nobody_is_displaced_while_a_seat_is_free(owner: Owner, hot: Owner) -> None:
    owner.does("stake", "seat", "take", "--collateral", 150)
    hot.does("stake", "add", 300)
    assert "SeatsFree" in hot.is_refused("stake", "seat", "displace", 0, status=1)
    assert "seat 7 is free" in hot.is_refused("stake", "seat", "displace", 7)
    assert "SEAT" in hot.is_refused("stake", "seat", "displace", 1024)
    assert hot.position().collateral == 0


def test_a_ticket_is_listed_with_its_maturity_until_it_is_withdrawn(
    cluster: Cluster, owner: Owner
) -> None:
    asked = owner.does("stake", "unstake", 100)
    (ticket,) = asked["tickets"]
    assert (asked["ticket"], ticket["ticket"], ticket["amount"]) == (0, 0, 100 * NLOV)
    assert (ticket["matured"], asked["next_maturity"]) == (False, ticket["available"])
    slot = cluster.net.bank.slot
    assert slot < ticket["available"]["slot"] <= slot + UNBONDING_SLOTS
    assert datetime.fromisoformat(ticket["available"]["time"]) > datetime.now(UTC)
    assert (asked["staked"], asked["free"], asked["unbonding"]) == (
        400 * NLOV,
        400 * NLOV,
        100 * NLOV,
    )
    shown = owner.shows("stake", "show")
    assert "  ticket 0: 100 NLOV" in shown
    assert f"    matures at slot {ticket['available']['slot']:,} (" in shown
    assert "neurolov stake withdraw" not in shown
    assert "StillUnbonding" in owner.is_refused("stake", "withdraw", 0, status=1)
    cluster.net.bank.advance(UNBONDING_SLOTS)
    shown = owner.shows("stake", "show")
    assert "    matured at slot " in shown
    assert "next: neurolov stake withdraw 0" in shown
    withdrawn = owner.does("stake", "withdraw", 0)
    assert (withdrawn["tickets"], withdrawn["unbonding"]) == ([], 0)
    assert withdrawn["next_maturity"] is None


def test_the_parts_of_a_stake_add_up(cluster: Cluster, owner: Owner) -> None:
    owner.does("stake", "seat", "take", "--collateral", 150)
    shown = owner.does("stake", "show")
    assert shown["staked"] == shown["free"] + shown["leased"] + shown["collateral"]
    assert (shown["seat"], shown["seat_state"], shown["catch_rate"]) == (0, "held", 0.5)
    assert shown["counts_from"]["slot"] % CHECKPOINT_SLOTS == 0
    text = owner.shows("stake", "show")
    assert "  collateral  150 NLOV" in text
    assert "  seat        0 (held), catch rate 0.500" in text
    assert f"posted from slot {shown['counts_from']['slot']:,} (" in text
    assert not set("{}()") & set(text.splitlines()[0])
    assert "None" not in text
    assert max(map(len, text.splitlines())) <= 100
    cluster.net.bank.advance(2 * CHECKPOINT_SLOTS)
    assert owner.does("stake", "show")["counts_from"] is None


def test_rewards_are_told_as_a_claim_pays_them(cluster: Cluster, owner: Owner) -> None:
    bank, wallet = cluster.net.bank, localnet_mint().token_account(owner.key)
    bank.advance(2 * CHECKPOINT_SLOTS)
    funder = localnet_keypair("funder")
    cluster.fund(funder.pubkey(), 1_000 * NLOV)
    funding = staking.fund_emission(
        amount=1_000 * NLOV,
        funder=funder.pubkey(),
        source=localnet_mint().token_account(funder.pubkey()),
    )
    assert bank.execute([funding, staking.emit_rewards()], [funder]).ok
    bank.advance(CHECKPOINT_SLOTS)
    before = tokens_of(bank.account(wallet))
    shown = owner.does("stake", "show")
    assert shown["rewards_owed"] > 0
    assert "next: neurolov stake claim" in owner.shows("stake", "show")
    assert owner.does("stake", "claim")["rewards_owed"] == 0
    assert tokens_of(bank.account(wallet)) - before == shown["rewards_owed"]


def test_a_stake_is_shown_by_its_address_alone(
    cluster: Cluster, owner: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = owner.does("stake", "show")
    chain = ["--url", cluster.net.url, "--keypair", str(tmp_path / "none.json")]
    folder = tmp_path / "unused"
    asked = ["stake", "show", str(owner.key), "--json", "--folder", str(folder)]
    assert run([*asked, *chain]) == 0
    assert json.loads(capsys.readouterr().out)["staked"] == shown["staked"]
    assert not folder.exists()
    assert run(["stake", "show", NAMED, *chain]) == 0
    assert capsys.readouterr().out == f"{NAMED} has no stake\nnext: neurolov stake add AMOUNT\n"
    assert run(["stake", "show", "--folder", str(folder), *chain]) == 2
    assert "none.json" in capsys.readouterr().err


def test_an_interrupted_step_says_how_to_look(
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = Owner(cluster, tmp_path, "owner", capsys)

    async def interrupted(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(Registrar, "stake", interrupted)
        assert run(["stake", "add", "1", *owner.chain]) == 130
    out, told = capsys.readouterr()
    assert out == ""
    first, *second = told.splitlines()
    assert (
        first == "interrupted: what was sent may still land, so look before you repeat the command"
    )
    words = shlex.split(" ".join(second).removeprefix("look with: "))
    assert words[:3] == ["neurolov", "stake", "show"]
    assert sorted(words[3:]) == sorted(owner.chain)
