"""Stage indexes on disk, by job (or task) and root."""

from pathlib import Path

from keeper.data.errors import BlobMissingError
from keeper.data.manifest import ADDRESS, StageIndex
from keeper.data.store import DIGEST
from keeper.files import replace_atomically


class StageIndexes:
    """The stages this node committed; survives a restart."""

    def __init__(self, root: Path, folder: str = "jobs") -> None:
        self._root = root / folder

    def put(self, index: StageIndex) -> None:
        """Publish an index under its job and root."""
        with replace_atomically(self._path(index.job, index.root)) as file:
            file.write(index.to_bytes())

    def get(self, job: str, root: str) -> StageIndex:
        """The index of a stage; BlobMissingError when this node did not commit it."""
        try:
            return StageIndex.from_bytes(self._path(job, root).read_bytes())
        except FileNotFoundError:
            raise BlobMissingError(f"no stage {root} of job {job}") from None

    def of_job(self, job: str) -> list[StageIndex]:
        """Every stage of a job that this node computed, in operator order."""
        folder = self._path(job, "0" * 64).parent
        found = [StageIndex.from_bytes(path.read_bytes()) for path in folder.glob("[0-9a-f]*")]
        return sorted(found, key=lambda index: (index.first, index.last, index.root))

    def jobs(self) -> list[str]:
        """Every job with a stage."""
        return sorted(path.name for path in self._root.glob("*"))

    def remove(self, job: str) -> None:
        """Forget every stage of a job."""
        folder = self._path(job, "0" * 64).parent
        for path in folder.glob("*"):
            path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def _path(self, job: str, root: str) -> Path:
        if ADDRESS.fullmatch(job) is None or DIGEST.fullmatch(root) is None:
            raise ValueError(f"{job!r} and {root!r} do not name a stage")
        return self._root / job / root
