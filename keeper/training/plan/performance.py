"""The whitepaper's performance model: P = (N·G·E) / (1 + L/C)."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Performance:
    """One way of sharing a step's work, in the model's terms.

    `throughput` G is the mean multiply-adds per second of a node, `efficiency` E the share of N·G
    that the split keeps busy; `communication` L and `computation` C are seconds per step.
    """

    nodes: int
    throughput: float
    efficiency: float
    communication: float
    computation: float

    @classmethod
    def of_step(
        cls, work: int, throughputs: list[float], communication: float, computation: float
    ) -> "Performance":
        """Describe a step of `work` multiply-adds whose slowest part computes `computation` s."""
        total = sum(throughputs)
        return cls(
            nodes=len(throughputs),
            throughput=total / len(throughputs),
            efficiency=work / (total * computation),
            communication=communication,
            computation=computation,
        )

    def slowed(self, kept: float) -> "Performance":
        """Returns the same for nodes that keep this share of their throughput under full load."""
        return replace(self, efficiency=self.efficiency * kept, computation=self.computation / kept)

    @property
    def rate(self) -> float:
        """P, in multiply-adds per second."""
        busy = self.nodes * self.throughput * self.efficiency
        return busy / (1.0 + self.communication / self.computation)

    def seconds(self, work: int) -> float:
        """Returns the seconds of a step of `work` multiply-adds."""
        return work / self.rate

    def as_json(self) -> dict[str, float]:
        """Returns the values by the model's letters."""
        return {
            "N": self.nodes,
            "G": self.throughput,
            "E": self.efficiency,
            "L": self.communication,
            "C": self.computation,
            "P": self.rate,
        }
