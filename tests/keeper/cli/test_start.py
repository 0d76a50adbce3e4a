"""What commands load before their own work, and what Ctrl-C does in that time."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keeper.cli.app import FAILED, run
from keeper.cli.interrupts import INTERRUPTED
from keeper.configuration import create_keypair

OURS = (
    "keeper.__main__",
    "keeper.amounts",
    "keeper.cli.app",
    "keeper.cli.completion",
    "keeper.cli.config",
    "keeper.cli.crash",
    "keeper.cli.interrupts",
    "keeper.cli.key",
    "keeper.cli.options",
    "keeper.cli.output",
    "keeper.cli.registry",
    "keeper.cli.running",
    "keeper.configuration",
    "keeper.errors",
    "keeper.files",
    "keeper.locks",
    "keeper.telemetry",
)
"""What a light command may load of this repository."""
LIBRARIES = {"click", "solders", "typing_extensions"}
"""The libraries that a light command may load; solders loads the last."""
WORK = {"IPython", "anchorpy", "matplotlib", "pytest", "sklearn", "wgpu.backends.wgpu_native"}
"""What no command may load before its own work."""
SPECIAL = {"aiohttp", "litesvm", "onnx", "onnxruntime"}
"""What only some commands may load before their own work: those of models, and the lab's."""
GROUPS = {
    "keeper.cli.job",
    "keeper.cli.models",
    "keeper.cli.stake",
    "keeper.lab",
    "keeper.lab.bench",
    "keeper.lab.commands",
    "keeper.lab.commands.bench",
}
"""What the help of a group may load besides: the group, and no module of its commands."""
PRINTED = """
import json, sys
from keeper.cli.app import run
status = run(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]), file=sys.stderr)
"""
EVERY = """
import json, sys
from keeper.cli.app import cli
from keeper.cli.registry import leaves
count = len(list(leaves(cli)))
print(json.dumps([count, sorted(sys.modules)]), file=sys.stderr)
"""


def loaded(program: str, *arguments: str, **variables: str) -> tuple[int, set[str]]:
    """Returns what a process printed first, and the modules that it has loaded."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        check=True,
        env={**os.environ, **variables},
        text=True,
    )
    number, modules = json.loads(ended.stderr.splitlines()[-1])
    return number, set(modules)


def listed(name: str, allowed: set[str]) -> bool:
    """Returns whether a module is allowed, itself or as a part of what `OURS` lists."""
    return name in allowed or name.startswith(tuple(f"{each}." for each in OURS))


def within(modules: set[str], names: set[str]) -> set[str]:
    return {each for each in modules for name in names if f"{each}.".startswith(f"{name}.")}


def counted(modules: set[str]) -> set[str]:
    """Returns our modules, and the libraries that are neither Python's nor its installer's."""
    ours = {name for name in modules if name.startswith(("keeper.", "kernels", "neurolov_client"))}
    tops = {name.split(".")[0] for name in modules - ours} - {"keeper"}
    libraries = {name for name in tops - sys.stdlib_module_names if not name.startswith("_")}
    return ours | libraries


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["key", "new", "KEY"],
        ["key", "show", "EXISTING"],
        ["config", "set", "url", "http://x"],
        ["config", "show"],
        ["config", "path"],
        ["completion", "bash"],
        ["job", "--help"],
        ["stake", "--help"],
        ["model", "--help"],
        ["bench", "--help"],
    ],
    ids=" ".join,
)
def test_a_light_command_loads_only_what_is_listed(tmp_path: Path, arguments: list[str]) -> None:
    create_keypair(tmp_path / "EXISTING")
    places = {name: str(tmp_path / name) for name in ("KEY", "EXISTING")}
    status, modules = loaded(
        PRINTED,
        *(places.get(each, each) for each in arguments),
        NEUROLOV_CONFIG=str(tmp_path / "config.toml"),
    )
    assert status == 0
    allowed = {"keeper.cli", *OURS, *LIBRARIES, *(GROUPS if arguments[-1] == "--help" else ())}
    assert {name for name in counted(modules) if not listed(name, allowed)} == set()


@pytest.mark.parametrize(("line", "word"), [("neurolov j", "job"), ("neurolov job s", "submit")])
def test_completion_of_names_is_light(line: str, word: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "keeper"],
        capture_output=True,
        check=True,
        env={
            **os.environ,
            "_NEUROLOV_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(line.count(" ")),
        },
        text=True,
    )
    assert f"plain,{word}" in ended.stdout.splitlines()
    modules = {each.rpartition("|")[2].strip() for each in ended.stderr.splitlines()}
    assert "click" in modules
    assert within(modules, {"numpy", "httpx", "rich", *WORK, *SPECIAL}) == set()


def test_no_command_loads_what_belongs_to_its_work() -> None:
    count, modules = loaded(EVERY)
    assert count > 50
    assert within(modules, WORK) == set()


@pytest.mark.parametrize(
    "command", ["job status", "job submit", "stake show", "provider run", "verifier run", "doctor"]
)
def test_a_command_on_the_chain_loads_no_model_format_and_no_server(command: str) -> None:
    status, modules = loaded(PRINTED, *command.split(), "--help")
    assert status == 0
    assert within(modules, SPECIAL) == set()


HOLD = """
import sys


class Hold:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            print("held", flush=True)
            sys.stdin.read()


sys.meta_path.insert(0, Hold())
"""


@pytest.mark.parametrize("name", ["click", "keeper.cli.app", "keeper.cli.key", "solders.keypair"])
def test_ctrl_c_during_the_start_ends_with_130_and_no_traceback(tmp_path: Path, name: str) -> None:
    """A real process is held where it imports a module."""
    (tmp_path / "sitecustomize.py").write_text(HOLD.format(name=name), "utf-8")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        [sys.executable, "-m", "keeper", "key", "show", str(tmp_path / "id.json")],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (INTERRUPTED, b"", b"")


def test_an_error_that_nobody_expected_is_one_line_and_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An installed command has a bug."""
    (tmp_path / "bug-1.0.dist-info").mkdir()
    (tmp_path / "bug-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bug\nVersion: 1.0\n"
    )
    (tmp_path / "bug-1.0.dist-info" / "entry_points.txt").write_text(
        "[neurolov.commands]\nbug = buggy:bug\n"
    )
    (tmp_path / "buggy.py").write_text(
        "import click\n\n\n@click.command()\ndef bug():\n"
        "    raise ExceptionGroup('two', [ZeroDivisionError('one\\ntwo'), KeyError('x')])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert run(["bug"]) == FAILED
    out, err = capsys.readouterr()
    (kept,) = (tmp_path / "state" / "neurolov" / "crashes").iterdir()
    assert (out, err) == (
        "",
        "error: an error that neurolov did not expect (ZeroDivisionError: one); please report it "
        f"with its traceback, which is in {kept}\n",
    )
    assert "buggy.py" in kept.read_text()
    assert "KeyError: 'x'" in kept.read_text()


def test_a_file_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ("x" * 300)
    assert run(["key", "new", str(path)]) == FAILED
    assert capsys.readouterr().err == f"error: {path}: File name too long\n"
