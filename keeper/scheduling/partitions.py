"""Divides device memory between tenants before any of their work runs."""

from keeper.errors import KeeperError


class AdmissionError(KeeperError):
    """A tenant or a plan does not fit the memory that is left for it."""


class MemoryPartitions:
    """Fixed partitions in bytes; memory that one tenant does not use is not lent to another."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._parts: dict[str, int] = {}

    @property
    def free(self) -> int:
        """The bytes that no tenant has reserved."""
        return self.total - sum(self._parts.values())

    def reserve(self, name: str, size: int) -> None:
        """Reserve `size` bytes for a tenant. Raises AdmissionError when they are not free."""
        if name in self._parts:
            raise AdmissionError(f"{name} has a partition already")
        if not 0 < size <= self.free:
            raise AdmissionError(f"{name}: a partition of {size} bytes, free are {self.free}")
        self._parts[name] = size

    def release(self, name: str) -> None:
        """Free a tenant's partition. Raises KeyError when it has none."""
        del self._parts[name]

    def admit(self, name: str, needed: int) -> None:
        """Raise AdmissionError unless `needed` bytes fit the tenant's partition."""
        if needed > self._parts[name]:
            raise AdmissionError(
                f"{name}: the plan takes {needed} bytes, its partition has {self._parts[name]}"
            )
