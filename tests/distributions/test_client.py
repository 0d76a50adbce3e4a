"""The client's wheel alone in an empty environment: what README shows compiles and buys a job."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest
from solders.pubkey import Pubkey

from examples.post_job.order import read_order, served
from kernels.graph.file import read
from kernels.graph.reference import NumpyExecutor
from kernels.trace import pack, unpack
from tests.distributions import packaging
from tests.distributions.environment import Environment
from tests.examples.network import Network, example, succeeded

DEPENDENCIES = ("jsonalias", "solders", "typing_extensions")
PROGRAMS = ("escrow", "job_registry", "redundancy", "staking", "verdict")
EVERYTHING = f"from neurolov_client import {', '.join(PROGRAMS)}, buying, results, workload"
MILESTONES = ["JobPosted", "JobClaimed", "StageCommitted", "VerdictSettled"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    folder = tmp_path_factory.mktemp("sdist")
    sources = packaging.copied_sources(folder / "source")
    return packaging.build_sdist(sources / packaging.PROJECTS["neurolov_client"], folder / "built")


@pytest.fixture(scope="module")
def environment(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment into which pip installed the client's wheel, built of the archive."""
    folder = tmp_path_factory.mktemp("client")
    wheels = folder / "wheels"
    packaging.build_wheels(wheels, packaging.unpacked(archive, folder / "unpacked"))
    for name in DEPENDENCIES:
        packaging.repack(name, wheels)
    made = Environment.empty(folder / "env", wheels)
    made.install("neurolov_client", "--find-links", str(wheels))
    return made


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The README's program in a file of its own."""
    readme = (packaging.REPOSITORY / "idl/README.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    path = tmp_path_factory.mktemp("program") / "buy.py"
    path.write_text(block, "utf-8")
    return path


def checked(environment: Environment, path: Path) -> subprocess.CompletedProcess[str]:
    """Runs mypy, strict and without settings, on a file that finds only the environment."""
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-color-output", "--config-file", ""]
    options = ["--python-executable", str(environment.python), "--cache-dir", str(path.parent)]
    return subprocess.run(
        [*mypy, *options, path.name], capture_output=True, text=True, check=False, cwd=path.parent
    )


def test_the_wheel_brings_solders_and_nothing_else(environment: Environment) -> None:
    listed = environment.evaluate(
        "from importlib.metadata import distributions\n"
        "print(*sorted(each.name for each in distributions()))"
    )
    assert listed.split() == ["jsonalias", "neurolov-client", "solders", "typing_extensions"]
    ours = environment.evaluate(
        f"import sys\n{EVERYTHING}\n"
        "roots = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "print(*sorted(roots & {'neurolov_client', 'solders', 'numpy', 'anchorpy', 'solana'}))"
    )
    assert ours.split() == ["neurolov_client", "solders"]


def test_the_wheel_and_the_archive_carry_what_they_must(
    environment: Environment, archive: Path
) -> None:
    (path,) = environment.wheels.glob("neurolov_client-*.whl")
    with ZipFile(path) as wheel:
        packed = set(wheel.namelist())
    data = {f"neurolov_client/anchor/{name}.json" for name in PROGRAMS}
    assert {"neurolov_client/py.typed", *data} <= packed
    assert {name.partition("/")[0].partition("-")[0] for name in packed} == {"neurolov_client"}
    with tarfile.open(archive) as sources:
        files = {name.partition("/")[2] for name in sources.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "neurolov_client/py.typed", *data} <= files
    assert not any(name.startswith("generation") for name in files)


def test_a_program_is_loaded_when_it_is_first_used(environment: Environment) -> None:
    loaded = environment.evaluate(
        "import sys, neurolov_client as client\n"
        "def loaded(): return [n for n in sys.modules if n in map(bound, client.PROGRAMS)]\n"
        "def bound(name): return f'neurolov_client.bindings.{name}'\n"
        "print(loaded(), client.staking.PROGRAM, loaded())"
    )
    assert loaded == "[] staking ['neurolov_client.bindings.staking']"


def test_anchorpy_is_asked_for_by_name_where_it_is_missing(environment: Environment) -> None:
    refused = environment.script("-c", "from neurolov_client import anchor")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: anchorpy is missing; run: pip install 'neurolov-client[anchorpy]'"
    )


def test_the_readmes_program_passes_a_strict_type_check(
    environment: Environment, program: Path
) -> None:
    found = checked(environment, program)
    assert (found.stdout, found.returncode) == ("Success: no issues found in 1 source file\n", 0)


TYPES = {
    "job_registry.Job.decode(b'')": "neurolov_client.bindings.job_registry.Job",
    "job_registry.Job.decode(b'').price": "int",
    "job_registry.Job.DISCRIMINATOR": "bytes",
    "replace(job_registry.Job.decode(b''), price=1)": "neurolov_client.bindings.job_registry.Job",
    "verdict.StageCommitted.decode(b'').root": "bytes",
    "verdict.State(3)": "neurolov_client.bindings.verdict.State",
    "staking.open_position(owner=KEY)": "solders.solders.Instruction",
    "staking.position_address(KEY)": "solders.solders.Pubkey",
    "next(iter(staking.Errors)).code": "int",
    "program_error(None)": "neurolov_client.errors.ProgramError | None",
    "events_from_logs([])": "tuple[neurolov_client.coder.Event, ...]",
    "PROGRAMS['staking'].ACCOUNTS": "tuple[type[neurolov_client.coder.Account], ...]",
    "workload(b'', []).spec_root": "bytes",
    "shard_of(KEY)": "int",
}
WRONG = {
    "job_registry.Job.decode(b'').nothing": "attr-defined",
    "staking.open_position()": "call-arg",
    "staking.open_position(owner='key')": "arg-type",
    "client.nothing": "attr-defined",
    "escrow.Deposit(price=1)": "call-arg",
}


def test_a_type_checker_sees_the_types_of_everything(
    environment: Environment, tmp_path: Path
) -> None:
    lines = [
        "from dataclasses import replace",
        "import neurolov_client as client",
        "from neurolov_client import PROGRAMS, escrow, events_from_logs, job_registry",
        "from neurolov_client import program_error, shard_of, staking, verdict, workload",
        "from solders.pubkey import Pubkey",
        "KEY = Pubkey.default()",
    ]
    start = len(lines) + 1
    lines += [f"reveal_type({expression})" for expression in TYPES]
    lines += WRONG
    path = tmp_path / "probe.py"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    told = checked(environment, path).stdout.splitlines()
    revealed = dict(
        re.findall(r"probe\.py:(\d+): note: Revealed type is \"(.*)\"", "\n".join(told))
    )
    found = {
        expression: revealed.get(str(start + at), "").replace("builtins.", "")
        for at, expression in enumerate(TYPES)
    }
    assert found == TYPES
    refused = re.findall(r"probe\.py:(\d+): error: .*\[([\w-]+)\]", "\n".join(told))
    codes = enumerate(WRONG.values(), start + len(TYPES))
    assert set(refused) == {(str(line), code) for line, code in codes}


def test_the_readmes_program_buys_a_job(
    environment: Environment, program: Path, tmp_path: Path
) -> None:
    succeeded(example("build_graph", tmp_path))
    graph, tensor, result = (tmp_path / name for name in ("layer.graph", "input.bin", "result.bin"))
    with Network(tmp_path) as network, served(read_order(graph, tensor).blobs) as source:
        network.open_market()
        told = succeeded(
            environment.script(
                *(str(program), network.url, str(network.keypair("buyer"))),
                *(str(graph), str(tensor), source, str(result)),
            )
        )
        lines = told.splitlines()
        assert [line for line in lines if line in MILESTONES] == MILESTONES
        job = Pubkey.from_string(lines[0].removeprefix("job "))
        assert network.account(job) is not None
    ours = read(graph)
    rows = unpack(tensor.read_bytes(), ours.inputs[0].shape, ours.inputs[0].dtype)
    assert result.read_bytes() == pack(NumpyExecutor().execute(ours, [rows])[-1]).tobytes()
