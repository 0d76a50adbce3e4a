"""A job's life from its events: how it ended, which stages stand, its parties and payments."""

from collections.abc import Iterator, Sequence

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import Outcome
from keeper.exact.decisions.state import Stage
from keeper.node.transfers import BURNED, FEES, VAULT, Movement, escrow_movements, places
from neurolov_client import Event, escrow, job_registry, staking, verdict


def stages_in_force(events: Sequence[Event]) -> tuple[Stage, ...]:
    """Returns the committed stages that stand; one from operator 0 drops all before it."""
    stages: list[Stage] = []
    for event in events:
        if isinstance(event, verdict.StageCommitted):
            if event.first == 0:
                stages = []
            stages.append(Stage(event.provider, event.root, event.first, event.last))
    return tuple(stages)


def outcome_of(events: Sequence[Event]) -> Outcome:
    """Returns the latest outcome that an event tells."""
    outcome = Outcome.NONE
    for event in events:
        match event:
            case verdict.FraudProven():
                outcome = Outcome.FRAUD
            case verdict.TrapOpened():
                outcome = Outcome.TRAP
            case (
                verdict.BallotsTallied()
                | verdict.VerificationSkipped()
                | verdict.VerdictSettled()
                | verdict.VerdictVoided()
            ):
                outcome = Outcome(event.outcome)
    return outcome


class Parties:
    """Names of a job's parties, in the order in which they appear."""

    def __init__(self, job: Pubkey, events: Sequence[Event]) -> None:
        self._names = places(job)
        self._counts: dict[str, int] = {}
        for event in events:
            self._learn(event)

    def name(self, key: Pubkey) -> str:
        """Returns a party's name by its part; whoever is paid without another part has cranked."""
        return self._names.get(key) or self._add("crank", key)

    def addresses(self) -> dict[str, str]:
        """Returns the address of each party by name."""
        return {name: str(key) for key, name in self._names.items() if name not in (VAULT, FEES)}

    def _learn(self, event: Event) -> None:
        match event:
            case escrow.Locked():
                self._add("buyer", event.buyer)
            case job_registry.JobClaimed():
                self._add("provider", event.provider)
            case verdict.BallotCast() | verdict.BallotDeclined():
                self._add("verifier", event.verifier)
            case staking.Fined():
                self._add("verifier", event.owner)
            case verdict.FraudProven():
                self._add("challenger", event.challenger)

    def _add(self, part: str, key: Pubkey) -> str:
        if key not in self._names:
            self._counts[part] = number = self._counts.get(part, 0) + 1
            self._names[key] = part if part == "buyer" else f"{part} {number}"
        return self._names[key]


def movements(events: Sequence[Event], parties: Parties) -> Iterator[Movement]:
    """Yields every movement of tokens that the events tell of, in order."""
    for event in events:
        yield from escrow_movements(event, parties.name)
        yield from _stake_movements(event, parties)


def _stake_movements(event: Event, parties: Parties) -> Iterator[Movement]:
    match event:
        case staking.BondForfeited():
            owner, to = parties.name(event.owner), parties.name(event.destination)
            yield Movement(event.envelope.slot, owner, to, event.amount, "bond forfeited")
        case staking.Fined():
            owner, to = parties.name(event.owner), parties.name(event.destination)
            yield Movement(event.envelope.slot, owner, to, event.amount, "silence fee")
        case staking.Slashed():
            owner, to = parties.name(event.owner), parties.name(event.destination)
            yield Movement(event.envelope.slot, owner, BURNED, event.burned, "stake slashed")
            yield Movement(
                event.envelope.slot, owner, to, event.amount - event.burned, "stake slashed"
            )


def totals(found: Sequence[Movement]) -> dict[str, tuple[int, int]]:
    """Returns what each name gave and what it got, in base units."""
    sums: dict[str, tuple[int, int]] = {}
    for each in found:
        gave, got = sums.get(each.source, (0, 0))
        sums[each.source] = gave + each.amount, got
        gave, got = sums.get(each.target, (0, 0))
        sums[each.target] = gave, got + each.amount
    return sums
