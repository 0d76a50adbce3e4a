"""Counters and gauges in Prometheus' text format."""

from threading import Lock

Labels = tuple[tuple[str, str], ...]

PREFIX = "neurolov_"


class Metrics:
    """Values by name and labels. A name that ends in _total is a counter and only rises."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, Labels], float] = {}
        self._lock = Lock()

    def count(self, name: str, **labels: str) -> None:
        """Add one to a counter."""
        with self._lock:
            key = name, tuple(sorted(labels.items()))
            self._values[key] = self._values.get(key, 0) + 1

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._values[name, tuple(sorted(labels.items()))] = value

    def text(self) -> str:
        """Returns all values in Prometheus' exposition format, version 0.0.4."""
        with self._lock:
            values = sorted(self._values.items())
        lines: list[str] = []
        described: set[str] = set()
        for (name, labels), value in values:
            if name not in described:
                kind = "counter" if name.endswith("_total") else "gauge"
                lines.append(f"# TYPE {PREFIX}{name} {kind}")
                described.add(name)
            shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
            lines.append(
                f"{PREFIX}{name}{{{shown}}} {value:g}" if shown else f"{PREFIX}{name} {value:g}"
            )
        return "\n".join([*lines, ""])


METRICS = Metrics()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
