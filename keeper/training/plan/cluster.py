"""The nodes that share a graph, and the distribution of work units between them."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from keeper.errors import BadInputError


class PlanError(BadInputError):
    """The nodes cannot run the graph under this plan; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node: `throughput` in multiply-adds per second, `memory` in bytes."""

    name: str
    throughput: float
    memory: int


@dataclass(frozen=True, slots=True)
class Link:
    """The link of every node: `bandwidth` in bytes per second, `latency` in seconds."""

    bandwidth: float
    latency: float

    def seconds(self, size: int) -> float:
        """Returns the seconds of one transfer of `size` bytes."""
        return self.latency + size / self.bandwidth


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes in order, with equal links. Raises PlanError on impossible numbers."""

    nodes: tuple[Node, ...]
    link: Link

    def __post_init__(self) -> None:
        if not self.nodes:
            raise PlanError("a plan needs at least one node")
        if min(node.throughput for node in self.nodes) <= 0.0:
            raise PlanError("every node's throughput is above 0 multiply-adds a second")
        if self.link.bandwidth <= 0.0 or self.link.latency < 0.0:
            raise PlanError("a link has a bandwidth above 0 and a latency of 0 or more")

    @property
    def throughputs(self) -> list[float]:
        """The throughput of each node, in multiply-adds per second."""
        return [node.throughput for node in self.nodes]


def deal(units: int, throughputs: Sequence[float], room: Sequence[int]) -> tuple[int, ...]:
    """Returns the units per node that minimise the finish time, none above a node's `room`.

    Each unit goes where it would finish earliest, which is optimal for units of one size. Raises
    PlanError when there is not enough room for all units.
    """
    if sum(room) < units:
        raise PlanError(f"the nodes' memory has room for {sum(room)} of {units} parts")
    held = [0] * len(throughputs)
    waiting = [(1 / speed, at) for at, speed in enumerate(throughputs) if room[at] > 0]
    heapq.heapify(waiting)
    for _ in range(units):
        _, at = heapq.heappop(waiting)
        held[at] += 1
        if held[at] < room[at]:
            heapq.heappush(waiting, ((held[at] + 1) / throughputs[at], at))
    return tuple(held)
