"""The nodes that share a graph, and how units of work are dealt out to them."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from keeper.errors import BadInputError


class PlanError(BadInputError):
    """The nodes cannot run the graph in this way; the message says what is short."""


@dataclass(frozen=True, slots=True)
class Node:
    """throughput in multiply-adds a second, memory in bytes."""

    name: str
    throughput: float
    memory: int


@dataclass(frozen=True, slots=True)
class Link:
    """What every node sends and receives over: bytes a second, and seconds before the first."""

    bandwidth: float
    latency: float

    def seconds(self, size: int) -> float:
        """One transfer."""
        return self.latency + size / self.bandwidth


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes in order, with equal links. Raises PlanError on numbers that describe none."""

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
        """Of each node."""
        return [node.throughput for node in self.nodes]


def deal(units: int, throughputs: Sequence[float], room: Sequence[int]) -> tuple[int, ...]:
    """Units for each node so that the slowest is done first, none above its room.

    Each unit goes where it would be done earliest, which is optimal for units of one size. Raises
    PlanError when there is not room for all.
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
