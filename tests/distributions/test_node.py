"""The node's wheel in an empty environment, without the lab and then with it."""

import json
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.distributions.environment import Environment
from tests.distributions.packaging import PROJECTS, REPOSITORY, build_wheels, copied_sources

LAB_COMMANDS = {"bench", "demo", "faucet", "localnet", "simulate", "train"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that has all dependencies and none of the distributions."""
    folder = tmp_path_factory.mktemp("node")
    sources, wheels = copied_sources(folder / "source"), folder / "wheels"
    build_wheels(wheels, *(sources / project for project in PROJECTS.values()))
    made = Environment.empty(folder / "env", wheels)
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for entry in Path(str(distribution("click").locate_file(""))).iterdir():
        if not entry.name.startswith(("neurolov", "__editable__")):
            (dependencies / entry.name).symlink_to(entry)
    (made.site_packages / "dependencies.pth").write_text(f"{dependencies}\n", "utf-8")
    return made


def commands(environment: Environment) -> set[str]:
    """Returns the commands that the help lists."""
    listed = environment.run("neurolov", "--help").stdout.partition("Commands:\n")[2]
    return {line.split()[0] for line in listed.splitlines() if line[2:3].isalpha()}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_carries_licence_and_description(environment: Environment, name: str) -> None:
    (path,) = environment.wheels.glob(f"{name}-*.whl")
    with ZipFile(path) as wheel:
        (licence,) = [each for each in wheel.namelist() if each.endswith("/licenses/LICENSE")]
        (metadata,) = [each for each in wheel.namelist() if each.endswith("/METADATA")]
        assert wheel.read(licence) == (REPOSITORY / "LICENSE").read_bytes()
        readme = REPOSITORY / PROJECTS[name] / "README.md"
        assert wheel.read(metadata).decode().endswith(readme.read_text("utf-8"))


def test_a_node_runs_without_the_lab_which_adds_its_commands(environment: Environment) -> None:
    environment.install("neurolov_client", "--no-deps")
    environment.install("neurolov", "--no-deps")
    node = commands(environment)
    assert {"doctor", "job", "key", "provider", "verifier"} <= node
    assert not node & LAB_COMMANDS
    made = environment.run("neurolov", "key", "new", "id.json")
    assert (made.returncode, made.stderr) == (0, "")
    refused = environment.run("neurolov", "demo")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("Error: No such command 'demo'.")
    found = environment.run(
        "neurolov", "doctor", "--json", "--keypair", "id.json", "--url", "http://[::1]:1"
    )
    checks = {check["name"]: check["ok"] for check in json.loads(found.stdout)["checks"]}
    assert checks["disk"]
    assert not checks["chain"]

    environment.install("neurolov_lab", "--no-deps")
    assert commands(environment) == node | LAB_COMMANDS
    for name in sorted(LAB_COMMANDS):
        helped = environment.run("neurolov", name, "--help")
        assert (helped.returncode, helped.stderr) == (0, "")
    deployed = environment.evaluate(
        "import keeper.lab.market.marketplace\n"
        "from keeper.lab.localnet import Bank, deployment\n"
        "bank = Bank(programs=deployment.built_programs())\n"
        "print(deployment.deploy_localnet(bank).mint.address, deployment.BUILT)"
    )
    mint, built = deployed.split()
    assert Path(built).is_relative_to(environment.python.parents[1])
    assert mint == environment.evaluate(
        "from keeper.lab.keys import localnet_keypair; print(localnet_keypair('mint').pubkey())"
    )
