"""`make adapter` installs lavapipe exactly where the executor would find no adapter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kernels
from kernels.runtime import list_adapters

SCRIPT = Path(kernels.__file__).parent / "runtime" / "lavapipe.sh"
SHELL = shutil.which("sh") or "/bin/sh"
NO_VULKAN = {"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent"}
"""What tells the Vulkan loader to find no driver, whatever is installed."""


def ask(code: str, **environment: str) -> str:
    """What Python prints in this environment."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """The script's end, where no tool for packages is on PATH."""
    return subprocess.run(
        [SHELL, str(SCRIPT)],
        env=os.environ | {"PYTHON": sys.executable, "PATH": ""} | environment,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_nothing_is_done_where_the_executor_finds_an_adapter() -> None:
    ended = run()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems come with an adapter")
def test_an_opengl_adapter_counts_for_the_script_as_little_as_for_the_executor() -> None:
    count = "from kernels.runtime import list_adapters; print(len(list_adapters()))"
    assert ask(count, **NO_VULKAN) == "0"
    ended = run(**NO_VULKAN)
    assert ended.returncode == 0
    assert "going on with NumPy" in ended.stderr
    assert "`make adapter`" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_error_is_not_taken_for_a_missing_adapter() -> None:
    ended = run(PYTHON="/nonexistent/python")
    assert ended.returncode == 127
    assert ended.stdout == ""
    assert "adapter" not in ended.stderr


def test_adapters_are_counted_in_one_place() -> None:
    package = SCRIPT.parent.parent
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.suffix in {".py", ".sh"} and "enumerate_adapters" in path.read_text("utf-8")
    }
    assert found == {"runtime/adapter.py"}
