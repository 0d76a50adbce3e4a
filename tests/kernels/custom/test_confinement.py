"""Tries everything that a confined process must no longer be able to do."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kernels.custom import RunCrashed, run_package, runner
from kernels.custom.exchange import TooLong, TooSlow, exchange
from kernels.custom.runner import child_environment
from tests.kernels.custom.examples import triple

TRIES = {
    "socket": "socket.socket()",
    "local socket": "socket.socketpair()",
    "fork": "os.fork()",
    "program": "os.execv('/bin/true', ['true'])",
    "create": "open(folder + '/new', 'w')",
    "empty": "os.truncate(folder + '/kept', 0)",
    "rewrite": "open(folder + '/kept', 'w')",
    "grow": "os.write(os.open(folder + '/kept', os.O_WRONLY), b'longer')",
    "remove": "os.remove(folder + '/kept')",
    "rename": "os.rename(folder + '/kept', folder + '/gone')",
    "folder": "os.mkdir(folder + '/d')",
    "link": "os.symlink('/', folder + '/l')",
    "signal": "os.kill(os.getppid(), 0)",
    "limits": "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (9, 9))",
    "trace": "trace()",
    "read": "open(folder + '/kept')",
    "list": "os.listdir(folder)",
    "memory": "open(f'/proc/{os.getppid()}/mem', 'rb')",
}
PROGRAM = """
import ctypes, json, os, resource, socket, sys, threading
from kernels.custom.confinement import confine

folder = sys.argv[1]
def trace():
    if ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
confine()
found = {}
for name, attempt in json.loads(sys.argv[2]).items():
    try:
        eval(attempt)
        found[name] = "done"
    except OSError as error:
        found[name] = "refused"
found["landlock"] = ctypes.CDLL(None).syscall(444, None, 0, 1) > 0
worker = threading.Thread(target=lambda: found.update(thread="ran"))
worker.start()
worker.join()
found["descriptors"] = sorted(map(int, os.listdir("/proc/self/fd")))[:4]
found["core"] = resource.getrlimit(resource.RLIMIT_CORE)
print(json.dumps(found))
"""


def test_no_socket_process_or_file_is_left_but_threads_are(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"")
    ended = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(PROGRAM), str(tmp_path), json.dumps(TRIES)],
        capture_output=True,
        env=child_environment(),
        check=True,
    )
    found = json.loads(ended.stdout)
    outside = {} if found["landlock"] else dict.fromkeys(("read", "list", "memory"), "done")
    expected = dict.fromkeys(TRIES, "refused") | outside
    assert {name: found[name] for name in TRIES} == expected
    assert found["thread"] == "ran"
    assert found["descriptors"][:3] == [0, 1, 2]
    assert found["core"] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_childs_environment_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROLOV_KEYPAIR", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("VK_ICD_FILENAMES", "driver.json")
    found = child_environment()
    assert "secret" not in found.values()
    assert found["VK_ICD_FILENAMES"] == "driver.json"
    assert found["MESA_SHADER_CACHE_DISABLE"] == "true"


def spawned(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_an_answer_comes_whole_and_of_a_complaint_its_end() -> None:
    program = (
        "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data[::-1]);"
        "sys.stderr.write('x' * 100_000 + 'end')"
    )
    with spawned(program) as process:
        answer, complaint = exchange(process, bytes(range(256)) * 1000, 60.0, 1 << 20)
    assert answer == (bytes(range(256)) * 1000)[::-1]
    assert complaint.endswith(b"xend")
    assert len(complaint) < 20_000


def test_one_that_talks_for_ever_is_cut_off_and_its_group_killed() -> None:
    program = "import os\nos.fork()\nwhile True: os.write(1, bytes(1 << 16))"
    with spawned(program) as process, pytest.raises(TooLong):
        exchange(process, b"", 60.0, 1 << 20)
    assert process.returncode == -9


def test_one_that_says_nothing_is_killed() -> None:
    with spawned("import time; time.sleep(60)") as process, pytest.raises(TooSlow):
        exchange(process, b"", 0.2, 1)
    assert process.returncode == -9


@pytest.mark.parametrize("said", ["", "{}", "[1]", "nonsense", '"text"'])
def test_a_child_that_answers_nonsense_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    (tmp_path / "strange.py").write_text(f"print({said!r})", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(runner, "CHILD", "strange")
    with pytest.raises(RunCrashed, match="gave no answer"):
        run_package(triple(), [bytes(64)])
