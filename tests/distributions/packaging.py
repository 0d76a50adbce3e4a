"""Wheels of this repository's distributions, and of what is installed beside the tests."""

import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

REPOSITORY = Path(__file__).parents[2]
# The sources of all distributions.
PACKED_FOLDERS = ("idl", "kernels", "keeper", "programs/built")
PACKED_FILES = ("pyproject.toml", "README.md", "LICENSE")
PROJECTS = {"neurolov": ".", "neurolov_client": "idl", "neurolov_lab": "keeper/lab"}
"""The folder of each distribution in the sources."""

_SDIST = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
_INSTALLERS = {"INSTALLER", "REQUESTED", "direct_url.json"}


def copied_sources(folder: Path) -> Path:
    """Returns a copy of what the distributions are built from, which building may litter."""
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info")
    for name in PACKED_FOLDERS:
        shutil.copytree(REPOSITORY / name, folder / name, symlinks=True, ignore=unwanted)
    for name in PACKED_FILES:
        shutil.copy(REPOSITORY / name, folder / name)
    return folder


def build_sdist(project: Path, folder: Path) -> Path:
    """Returns the source distribution of a project, written to the folder."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", _SDIST, str(folder)]
    subprocess.run(command, check=True, cwd=project, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    return archive


def unpacked(archive: Path, folder: Path) -> Path:
    """Returns the folder that a source distribution unpacks to."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (project,) = folder.iterdir()
    return project


def build_wheels(wheels: Path, *projects: Path) -> None:
    """Writes the wheel of each project to the folder `wheels`."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    building = [*pip, "--no-deps", "--no-build-isolation", "-w", str(wheels), *map(str, projects)]
    subprocess.run(building, check=True)


def repack(name: str, wheels: Path) -> None:
    """Writes the wheel from which an installed distribution came, for an offline pip."""
    installed = distribution(name)
    tags = [
        line.removeprefix("Tag: ")
        for line in (installed.read_text("WHEEL") or "").splitlines()
        if line.startswith("Tag: ")
    ]
    wheels.mkdir(exist_ok=True)
    with ZipFile(wheels / f"{name}-{installed.version}-{tags[0]}.whl", "w", ZIP_DEFLATED) as wheel:
        for file in installed.files or ():
            if file.suffix != ".pyc" and file.name not in _INSTALLERS and file.parts[0] != "..":
                wheel.write(str(installed.locate_file(file)), str(file))
