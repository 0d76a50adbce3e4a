"""No text that a command prints looks like Python."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keeper.cli.app import cli, run
from keeper.cli.registry import leaves
from keeper.configuration import create_keypair
from kernels.graph.file import write
from neurolov_client import staking
from tests.keeper.cli.cluster import Cluster
from tests.keeper.exact.verification.graphs import every_operator

UNKNOWN = "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne"
URL = "http://127.0.0.1:1"
PYTHON = re.compile(
    r"\bNone\b|\bTrue\b|\bFalse\b|[{(]'|\['|\b(Pubkey|array|dtype|Decimal|PosixPath|UUID)\(|dtype=|"
    r"\bb'|<class |\bnumpy\.(?!save)|object at 0x|Traceback|Error\(|pickle|codec|onnx\.ModelProto"
)
"""What would show Python, NumPy or solders through a command's text."""
WALK = [
    "config set poll 0.2",
    "config show",
    "config profiles",
    "config path",
    "config unset poll",
    "config unset poll",
    "config set poll x",
    "key show ID",
    "key new NEW",
    "key new NEW",
    "completion bash",
    f"faucet {UNKNOWN} --sol 2 --nlov 10",
    f"faucet {UNKNOWN} --sol 101",
    "stake show",
    "stake open",
    "stake add 500",
    "stake add 5000000",
    "stake seat take --collateral 150",
    "stake seat add 50",
    "stake show",
    "stake unstake 50",
    "stake show",
    "stake withdraw 0",
    "stake claim",
    f"stake operator set {UNKNOWN} --budget 20",
    "stake operator show",
    "stake operator clear",
    "stake operator show",
    f"provider register --public-url {URL} --ask 3",
    "provider status",
    "provider drain",
    "provider resume",
    "provider deregister",
    f"verifier register --public-url {URL}",
    "verifier status",
    "crank status",
    "doctor",
    "doctor --role provider",
    "stake seat displace 0",
    "stake seat evict 0",
    "stake seat close 0",
    "stake seat vacate",
    "stake show",
    "verifier leave --no-wait",
    "graph show GRAPH",
    "graph register GRAPH",
    "graph show INPUT",
    "job quote --graph GRAPH",
    "job list",
    f"job status {UNKNOWN}",
    f"job result {UNKNOWN} --output OUT",
    f"job cancel {UNKNOWN}",
    f"job close {UNKNOWN}",
    f"job follow {UNKNOWN}",
    "job submit --graph GRAPH --input PICKLE --price 5 --yes",
    "job submit --graph GRAPH --input GRAPH --price 5 --yes",
    "job submit --graph GRAPH --input INPUT --price 0 --yes",
    "job submit --graph GRAPH --input INPUT --price 5 --fee 0 --yes",
    "job submit --graph GRAPH --input INPUT --price 5000000 --yes",
    "task list",
    "task quote --package PICKLE",
    f"task show {UNKNOWN}",
    f"task result {UNKNOWN} --output OUT",
    f"task close {UNKNOWN}",
    f"task follow {UNKNOWN}",
    "task submit --package PICKLE --price 1",
    f"audit {UNKNOWN}",
    f"replay {UNKNOWN}",
    "replay POOL",
    f"challenge {UNKNOWN}",
    "provider adapters",
    "provider run --executor numpy --public-url nowhere",
    "verifier run --public-url nowhere",
    "model inspect PICKLE",
    "model import PICKLE -o OUT",
    "model quantise PICKLE --calibration PICKLE -o OUT",
    "model run PICKLE --inputs PICKLE",
    "model compare PICKLE --inputs PICKLE",
    "model plan GRAPH --nodes 5e9,2e9",
    "bench cli --only nothing",
    "bench kernels --only nothing",
    "bench onnx --only nothing",
    "localnet --port 70000",
    "demo --cheat flip --silent",
    "train digits --batch 100000",
    "simulate poc --out OUT",
]
"""What is run, in turn, with what is right and what is wrong about it."""
ELSEWHERE = {
    "bench models": "tests/keeper/lab/bench/test_models.py runs what it measures",
    "bench poc": "measures for minutes",
    "bench programs": "tests/keeper/lab/commands/test_bench.py runs it",
    "bench runtime": "measures an adapter",
    "bench sharing": "tests/keeper/lab/commands/test_bench_sharing.py runs it",
    "bench tolerant": "measures an adapter",
    "bench transformer": "measures for minutes",
    "crank run": "runs until it is interrupted",
}


@pytest.fixture
def served() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


def test_every_command_is_walked() -> None:
    paths = {" ".join(path) for path, _ in leaves(cli)}
    walked = {path for path in paths if any(f"{line} ".startswith(f"{path} ") for line in WALK)}
    assert paths - walked == ELSEWHERE.keys()


def test_no_text_looks_like_python(
    served: Cluster, tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, inputs = every_operator(24)
    write(graph, tmp_path / "GRAPH")
    np.save(tmp_path / "INPUT", inputs[0])
    (tmp_path / "INPUT.npy").rename(tmp_path / "INPUT")
    np.save(tmp_path / "PICKLE", np.array([{"a": 1}], object), allow_pickle=True)
    (tmp_path / "PICKLE.npy").rename(tmp_path / "PICKLE")
    key = create_keypair(tmp_path / "ID").pubkey()
    served.fund(key, 1_000)
    for name, value in {
        "CONFIG": tmp_path / "config.toml",
        "URL": served.net.url,
        "KEYPAIR": tmp_path / "ID",
        "FOLDER": tmp_path / "folder",
        "ALLOW_PRIVATE": 1,
        "PORT": 0,
    }.items():
        monkeypatch.setenv(f"NEUROLOV_{name}", str(value))
    places = {name: str(tmp_path / name) for name in ("GRAPH", "INPUT", "PICKLE", "ID", "NEW")}
    places |= {"OUT": str(tmp_path / "OUT"), "POOL": str(staking.pool_address())}
    found = []
    for line in WALK:
        capsys.readouterr()
        status = run([places.get(word, word) for word in line.split()])
        out, err = capsys.readouterr()
        if not (out or err) or PYTHON.search(out + err) or "did not expect" in err:
            found.append(f"{line} ({status}): {out}{err}")
    assert "\n".join(found) == ""
