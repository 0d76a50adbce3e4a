"""Looks for a lie in what was committed, and proves it; for verifiers and for anyone else."""

import logging
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.submit import Landed
from keeper.compute import ComputeLane
from keeper.disputes import Challenge, EvidenceBuffer
from keeper.disputes.case import Case, claim_of
from keeper.disputes.staging import Stager
from keeper.errors import BadInputError
from keeper.jobs.state import JobSnapshot, Stage
from keeper.roles.cases import CaseShelf
from keeper.roles.errors import CaseError, RoleError
from keeper.roles.material import MaterialSource
from keeper.roles.orders import SaltBook
from keeper.roles.traces import TraceSource
from keeper.verification import CommittedStage, Reject, Unavailable, verify_trace
from kernels.evidence import EvidenceError

LOG = logging.getLogger(__name__)


class NothingWrongError(RoleError, BadInputError):
    """There is nothing to prove; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An element that is wrong by the judgement of the referee's twin."""

    operator: int
    element: int
    expected: int
    committed: int


@dataclass(frozen=True, slots=True)
class ChallengerTools:
    """What a challenger works with. salts are those of its tickets."""

    lane: ComputeLane
    material: MaterialSource
    traces: TraceSource
    shelf: CaseShelf
    salts: SaltBook


class Challenger:
    """Proves for one key."""

    def __init__(self, stager: Stager, owner: Pubkey, tools: ChallengerTools) -> None:
        self._stager = stager
        self._owner = owner
        self._tools = tools

    async def fetch(self, snapshot: JobSnapshot) -> Case:
        """Fetch what was committed, and keep it.

        Raises CaseError when somebody does not serve it, MaterialError.
        """
        job, stages = snapshot.job, _stages(snapshot)
        material = await self._tools.material.get(job)
        served: list[bytes | None] = []
        for stage in stages:
            served += await self._tools.traces.stage(job.address, stage, material.graph)
        outputs = [output for output in served if output is not None]
        if len(outputs) != len(served):
            raise CaseError(
                f"operator {served.index(None)} of job {job.address} is not served; only data "
                "that are at hand can be proven wrong"
            )
        await self._tools.lane.run(self._tools.shelf.keep, job, stages, outputs)
        return await self.open(snapshot)

    async def open(self, snapshot: JobSnapshot) -> Case:
        """The case from what this node keeps; raises CaseError, MaterialError."""
        job, stages = snapshot.job, _stages(snapshot)
        material = await self._tools.material.get(job)
        outputs = await self._tools.lane.run(self._tools.shelf.outputs, job.address, stages)
        claim = claim_of(
            job.spec_root, job.operators, (job.input_root, len(material.graph.inputs)), stages
        )
        return Case(material.graph, material.inputs, outputs, claim)

    async def suspect(self, snapshot: JobSnapshot, case: Case) -> Suspicion:
        """The first wrong element of everything committed; raises NothingWrongError, CaseError."""
        stages = [CommittedStage(each.first, each.last, each.root) for each in _stages(snapshot)]
        found = await self._tools.lane.run(
            verify_trace, case.graph, case.inputs, case.outputs, stages
        )
        match found.finding:
            case Reject(operator, element):
                return await self.examine(snapshot, case, operator, element)
            case Unavailable(missing):
                raise CaseError(
                    f"{missing} of job {snapshot.job.address} is not what was committed"
                )
            case _:
                raise NothingWrongError(
                    f"every element of job {snapshot.job.address} is right: nothing to challenge"
                )

    async def examine(
        self, snapshot: JobSnapshot, case: Case, operator: int, element: int
    ) -> Suspicion:
        """Judge one element as the referee will; raises NothingWrongError, CaseError."""
        try:
            found = await self._tools.lane.run(case.judge, operator, element)
        except EvidenceError as error:
            raise CaseError(f"job {snapshot.job.address} cannot be challenged: {error}") from error
        if not found.is_fraud:
            raise NothingWrongError(
                f"element {element} of operator {operator} is {found.committed}, as it must be: "
                "nothing to challenge"
            )
        return Suspicion(operator, element, found.expected, found.committed)

    async def prove(
        self, snapshot: JobSnapshot, case: Case, suspicion: Suspicion, *, ticket: bool
    ) -> Landed:
        """Stage the evidence and prove; `ticket` unless an own ballot rejects the element.

        Raises ChainError.
        """
        job, (operator, element) = snapshot.job, (suspicion.operator, suspicion.element)
        evidence = await self._tools.lane.run(case.evidence, operator, element)
        buffer = EvidenceBuffer(self._owner, job.address, operator, element, evidence)
        challenge = Challenge(buffer, job.graph, self._tools.salts.keep(job.address))
        landed = await self._stager.prove(challenge, ticket=ticket)
        LOG.info(
            "job %s: element %d of operator %d is %d, must be %d; proven in slot %d",
            job.address, element, operator, suspicion.committed, suspicion.expected, landed.slot,
        )  # fmt: skip
        return landed


def _stages(snapshot: JobSnapshot) -> tuple[Stage, ...]:
    stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
    if not stages:
        raise CaseError(f"nothing is committed for job {snapshot.job.address}")
    return stages
