"""Device memory, divided between tenants before anything of theirs runs."""

from keeper.errors import KeeperError


class AdmissionError(KeeperError):
    """A tenant or a plan does not fit the memory that is left for it."""


class MemoryPartitions:
    """Fixed parts of so many bytes; what one tenant does not use is not lent to another."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._parts: dict[str, int] = {}

    @property
    def free(self) -> int:
        """Bytes that nobody has."""
        return self.total - sum(self._parts.values())

    def reserve(self, name: str, size: int) -> None:
        """Give a tenant its part; AdmissionError when so much is not free."""
        if name in self._parts:
            raise AdmissionError(f"{name} has a partition already")
        if not 0 < size <= self.free:
            raise AdmissionError(f"{name}: a partition of {size} bytes, free are {self.free}")
        self._parts[name] = size

    def release(self, name: str) -> None:
        """Take a part back; KeyError when there is none."""
        del self._parts[name]

    def admit(self, name: str, needed: int) -> None:
        """AdmissionError unless a plan's peak fits the tenant's partition."""
        if needed > self._parts[name]:
            raise AdmissionError(
                f"{name}: the plan takes {needed} bytes, its partition has {self._parts[name]}"
            )
