"""`neurolov doctor`: what each role needs, and what to do where it is missing."""

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.cli.doctor.checks import REGISTERED, DoctorRole, Options, Stage, Subject
from keeper.cli.doctor.funds import send_sol
from keeper.cli.doctor.machine import journal_check
from keeper.cli.doctor.serving import answer_check, endpoint_check
from keeper.cli.doctor.stake import operator_check
from keeper.configuration import NodeSettings, create_keypair
from keeper.journal import Journal
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, built_programs, localnet_mint
from keeper.node.services import JOURNAL_FILE
from neurolov_client import staking
from tests.keeper.cli.cluster import Cluster, Served

OWNER, HOT, OTHER = (Pubkey(bytes([number] * 32)) for number in (1, 2, 3))
BOUND = socket.socket()
BOUND.bind(("127.0.0.1", 0))
URL = f"http://127.0.0.1:{BOUND.getsockname()[1]}"
"""Where nothing listens: the port is taken and refuses every connection."""


class Bare(Cluster):
    """A localnet whose programs were never initialised."""

    def __init__(self) -> None:
        Served.__init__(self)
        self._net = Localnet(
            programs=built_programs(), mint=localnet_mint(), port=0, ticking=False, seed=bytes(32)
        )


class Empty(Cluster):
    """A localnet without the programs."""

    def __init__(self) -> None:
        Served.__init__(self)
        self._net = Localnet(
            programs={}, mint=localnet_mint(), port=0, ticking=False, seed=bytes(32)
        )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


class Patient:
    """A key, and the commands that it runs on a cluster."""

    def __init__(
        self, cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str], name: str = "key"
    ) -> None:
        self._capsys = capsys
        self.cluster = cluster
        self.folder = folder / name
        self.file = folder / f"{name}.json"
        self.key = create_keypair(self.file).pubkey()
        self.chain = [
            *("--url", cluster.net.url, "--allow-private"),
            *("--folder", str(self.folder), "--keypair", str(self.file)),
        ]

    def does(self, *arguments: object) -> None:
        status = run([*map(str, arguments), *self.chain])
        assert status == 0, self._capsys.readouterr().err
        self._capsys.readouterr()

    def asks(self, *options: object) -> dict[str, Any]:
        self._capsys.readouterr()
        status = run(["doctor", *map(str, options), "--json", *self.chain])
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        assert status == (0 if document["ok"] else 1)
        assert document["ok"] == all(check["ok"] for check in document["checks"])
        return document

    def failing(self, *options: object) -> dict[str, str]:
        """What fails, with its advice, but for the device and the clock."""
        told = self.asks("--adapter", "no card has this name", *options)["checks"]
        ours = [check for check in told if check["name"] not in ("adapter", "limits", "clock")]
        return {check["name"]: check["advice"] for check in ours if not check["ok"]}


@pytest.fixture
def patient(cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Patient:
    return Patient(cluster, tmp_path, capsys)


def found(document: dict[str, Any], name: str) -> dict[str, Any]:
    (check,) = (check for check in document["checks"] if check["name"] == name)
    return dict(check)


def test_a_new_key_is_told_its_choices_and_what_it_costs(patient: Patient) -> None:
    told = patient.asks()
    assert told["roles"] == []
    assert "--role provider|verifier|crank|buyer|challenger" in found(told, "role")["detail"]
    assert patient.failing() == {"sol": f"neurolov faucet {patient.key} --sol 0.001 --nlov 0"}


def test_elsewhere_the_tools_of_solana_give_what_is_missing(tmp_path: Path) -> None:
    settings = NodeSettings(url="https://api.example.org")
    options = Options(settings, tmp_path / "id.json", OWNER, None, None, 0)
    subject = Subject(options, signer_=HOT)
    assert send_sol(subject, 10**9 + 1) == f"send it SOL: solana transfer {HOT} 1.0001"


NEEDS = {
    "provider": {"sol", "account", "stake"},
    "verifier": {"sol", "account", "stake"},
    "crank": {"sol", "account"},
    "buyer": {"sol", "account", "payment", "providers", "verifiers"},
    "challenger": {"sol", "account"},
}


@pytest.mark.parametrize("role", NEEDS)
def test_what_a_role_lacks_is_told_with_address_and_amount(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cluster: Cluster, role: str
) -> None:
    patient = Patient(cluster, tmp_path, capsys)
    failing = patient.failing("--role", role)
    optional = {"providers", "verifiers"}
    assert failing.keys() | optional == NEEDS[role] | optional
    for name in failing.keys() - optional:
        assert str(patient.key) in failing[name]
    if role == "provider":
        assert failing["stake"].endswith("then: neurolov stake add 1.001")
    if role == "verifier":
        assert failing["stake"].endswith("then: neurolov stake add 100")


@pytest.mark.parametrize("role", ["crank", "challenger"])
def test_a_funded_key_may_crank_and_challenge(patient: Patient, role: str) -> None:
    patient.cluster.fund(patient.key, 0)
    assert patient.failing("--role", role) == {}


def test_a_provider_is_ready_once_its_stake_counts(patient: Patient) -> None:
    patient.cluster.fund(patient.key, 50 * NLOV)
    assert patient.failing("--role", "provider") == {"stake": "neurolov stake add 1.001"}
    patient.does("stake", "add", 50)
    waiting = found(patient.asks("--role", "provider"), "standing")
    assert not waiting["ok"]
    assert "it counts for work that is posted from slot " in waiting["detail"]
    patient.cluster.net.bank.advance(2 * CHECKPOINT_SLOTS)
    assert patient.failing("--role", "provider") == {}
    clock = found(patient.asks("--role", "crank"), "clock")
    assert (clock["ok"], clock["advice"]) == (
        False,
        "set this machine's clock: timedatectl set-ntp true",
    )


def test_roles_are_found_on_the_chain_and_in_the_folder(patient: Patient) -> None:
    patient.cluster.fund(patient.key, 400 * NLOV)
    patient.does("stake", "add", 300)
    patient.does("provider", "register", "--public-url", URL)
    assert patient.asks()["roles"] == ["provider"]
    patient.does("stake", "seat", "take", "--collateral", 100)
    (patient.folder / "traces").mkdir()
    assert patient.asks()["roles"] == ["challenger", "provider", "verifier"]
    assert patient.asks("--role", "crank")["roles"] == ["crank"]


def test_a_registration_is_compared_with_what_would_be_served(patient: Patient) -> None:
    patient.cluster.fund(patient.key, 400 * NLOV)
    patient.does("stake", "add", 300)
    patient.does("stake", "seat", "take", "--collateral", 100)
    patient.does("provider", "register", "--public-url", URL)
    patient.does("verifier", "register", "--public-url", URL)
    patient.cluster.net.bank.advance(2 * CHECKPOINT_SLOTS)
    run_again = f"neurolov provider run --public-url {URL}"
    failing = patient.failing("--role", "provider")
    assert failing == {"answers": f"start it, and let its port through the firewall: {run_again}"}
    moved = patient.failing("--role", "provider", "--public-url", "http://127.0.0.1:7011")
    assert moved["provider"] == (
        "start it again: neurolov provider run --public-url http://127.0.0.1:7011"
    )
    moved = patient.failing("--role", "verifier", "--public-url", "http://127.0.0.1:7021")
    assert moved["verifier"] == ("neurolov verifier register --public-url http://127.0.0.1:7021")
    assert patient.failing("--role", "verifier").keys() == {"answers"}


def test_an_operator_is_examined_for_its_owner(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str], patient: Patient
) -> None:
    hot = Patient(cluster, tmp_path, capsys, "hot")
    cluster.fund(patient.key, 300 * NLOV)
    cluster.fund(hot.key, 0)
    patient.does("stake", "add", 200)
    cluster.net.bank.advance(2 * CHECKPOINT_SLOTS)
    acting = ("--owner", patient.key)
    failing = hot.failing("--role", "verifier", *acting)
    assert failing.keys() == {"operator", "seat", "verifier"}
    assert failing["seat"] == ("with the owner's key: neurolov stake seat take --collateral 100")
    patient.does("stake", "operator", "set", hot.key, "--budget", 60)
    patient.does("stake", "seat", "take", "--collateral", 100)
    patient.does("verifier", "register", "--public-url", URL)
    assert hot.failing("--role", "verifier", *acting).keys() == {"answers"}


def test_a_vacated_seat_is_no_seat(patient: Patient) -> None:
    patient.cluster.fund(patient.key, 300 * NLOV)
    patient.does("stake", "add", 200)
    patient.does("stake", "seat", "take", "--collateral", 100)
    patient.does("stake", "seat", "vacate")
    assert "seat" in patient.failing("--role", "verifier")


@pytest.mark.parametrize(
    ("kind", "detail", "advice"),
    [
        (Empty, "not deployed on http://127.0.0.1:", "neurolov localnet"),
        (Bare, "is not as this client knows", "pip install neurolov"),
    ],
)
def test_programs_that_are_missing_or_of_another_version(
    kind: type[Cluster],
    detail: str,
    advice: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with kind() as cluster:
        told = Patient(cluster, tmp_path, capsys).asks("--role", "buyer")
    programs = found(told, "programs")
    assert not programs["ok"]
    assert detail in programs["detail"]
    assert advice in programs["advice"]
    assert {check["name"] for check in told["checks"]}.isdisjoint({"payment", "verifiers"})


def test_a_cluster_out_of_reach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_keypair(tmp_path / "id.json")
    chain = ["--url", "http://[::1]:1", "--keypair", str(tmp_path / "id.json")]
    assert run(["doctor", "--json", "--folder", str(tmp_path), *chain]) == 1
    told = json.loads(capsys.readouterr().out)
    assert found(told, "disk")["ok"]
    assert not found(told, "chain")["ok"]
    assert found(told, "chain")["advice"] == (
        "correct --url, or start a cluster: neurolov localnet"
    )


def test_a_key_that_is_not_there(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = Patient(cluster, tmp_path, capsys)
    patient.file.unlink()
    assert patient.failing() == {"key": f"make one: neurolov key new {patient.file}"}


def test_the_disk_has_to_hold_the_quota(patient: Patient) -> None:
    patient.cluster.fund(patient.key, 0)
    failing = patient.failing("--role", "provider", "--quota", 1 << 60)
    assert failing["disk"].startswith("free ")
    assert "or run with --quota " in failing["disk"]
    assert "disk" not in patient.failing("--role", "provider", "--quota", 1)


def test_operations_that_a_crash_left_are_told(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    assert journal_check(tmp_path).ok
    assert not path.exists()
    with Journal(path) as journal:
        journal.sign(
            "stake/1", wire=b"wire", signature=Signature(bytes(64)), last_valid_block_height=1
        )
        driven = journal.hold("stake/1")
        assert driven is not None
        assert journal_check(tmp_path).ok
        driven.release()
        left = journal_check(tmp_path)
    assert (left.ok, left.detail) == (False, "operations that nobody brings to their end: 1")
    assert left.advice.endswith("neurolov stake open")
    path.write_bytes(b"not a database at all" * 100)
    damaged = journal_check(tmp_path)
    assert not damaged.ok
    assert "restore the file before restarting" in damaged.detail


def test_every_role_has_checks_of_its_own() -> None:
    registered = {role for each in REGISTERED for role in each.roles}
    assert registered == set(DoctorRole)
    assert {each.stage for each in REGISTERED} == set(Stage)


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
    told = asyncio.run(endpoint_check(url, allow_private=allow_private))
    assert (told.name, told.ok) == ("endpoint", ok)
    assert detail in told.detail
    assert "--public-url" in told.advice or ok


def test_a_data_server_that_is_down_is_told_with_the_command_that_starts_it() -> None:
    told = asyncio.run(answer_check(URL, "neurolov provider run", allow_private=True))
    assert not told.ok
    assert told.detail.startswith(f"not now: {URL}: Connection refused")
    assert told.advice.endswith(": neurolov provider run")


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
    told = operator_check(held, OWNER, signer)
    assert (told.name, told.ok) == ("operator", ok)
    assert detail in told.detail
    assert ok or "neurolov stake operator set" in told.detail + told.advice
