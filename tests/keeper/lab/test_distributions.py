"""The node's wheel in an empty environment, without the lab and then with it."""

import json
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
LAB_COMMANDS = {"bench", "demo", "localnet", "simulate", "train"}
# The sources of both wheels.
PACKED_FOLDERS = ("idl", "kernels", "keeper", "programs/built")
PACKED_FILES = ("pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with the node's dependencies, and wheels to install in it."""

    python: Path
    wheels: Path

    def install(self, distribution: str) -> None:
        (wheel,) = self.wheels.glob(f"{distribution}-*.whl")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        offline = ["--disable-pip-version-check", "--no-deps", "--no-index"]
        subprocess.run([*pip, *offline, str(wheel)], check=True, cwd=self.wheels)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.python.parent / "neurolov"), *arguments]
        return self._run(command)

    def evaluate(self, source: str) -> str:
        return self._run([str(self.python), "-c", source]).stdout.strip()

    def commands(self) -> set[str]:
        listed = self.run("--help").stdout.partition("Commands:\n")[2]
        return {line.split()[0] for line in listed.splitlines() if line[2:3].isalpha()}

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        # Nothing of this checkout or of its environment may be found.
        clean = {"PATH": "/usr/bin:/bin", "HOME": str(self.wheels), "COLUMNS": "100"}
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.wheels, env=clean
        )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that has all dependencies and neither of the two distributions."""
    folder = tmp_path_factory.mktemp("distributions")
    source, wheels, python = folder / "source", folder / "wheels", folder / "env/bin/python"
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info")
    for name in PACKED_FOLDERS:
        shutil.copytree(REPOSITORY / name, source / name, symlinks=True, ignore=unwanted)
    for name in PACKED_FILES:
        shutil.copy(REPOSITORY / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    sources = ["./idl", ".", "./keeper/lab"]
    building = [*pip, "--no-deps", "--no-build-isolation", "-w", str(wheels), *sources]
    subprocess.run(building, check=True, cwd=source)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("neurolov", "__editable__")):
            (dependencies / entry.name).symlink_to(entry)
    (site_packages,) = (folder / "env").glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(f"{dependencies}\n", "utf-8")
    return Environment(python, wheels)


def test_a_node_runs_without_the_lab_which_adds_its_commands(environment: Environment) -> None:
    environment.install("neurolov_client")
    environment.install("neurolov")
    node = environment.commands()
    assert {"doctor", "job", "key", "provider", "verifier"} <= node
    assert not node & LAB_COMMANDS
    made = environment.run("key", "new", "id.json")
    assert (made.returncode, made.stderr) == (0, "")
    refused = environment.run("demo")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("Error: No such command 'demo'.")
    found = environment.run("doctor", "--json", "--keypair", "id.json", "--url", "http://[::1]:1")
    checks = {check["name"]: check["ok"] for check in json.loads(found.stdout)["checks"]}
    assert checks["disk"]
    assert not checks["chain"]

    environment.install("neurolov_lab")
    assert environment.commands() == node | LAB_COMMANDS
    for name in sorted(LAB_COMMANDS):
        helped = environment.run(name, "--help")
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
