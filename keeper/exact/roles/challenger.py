"""Looks for a wrong element in what was committed, and proves it."""

import logging
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.submit import Landed
from keeper.compute import Lane
from keeper.errors import BadInputError
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.disputes import Challenge, EvidenceBuffer
from keeper.exact.disputes.committed_trace import CommittedTrace
from keeper.exact.disputes.upload import EvidenceUploader
from keeper.exact.verification import CommittedStage, Reject, Unavailable, verify_trace
from keeper.node.errors import RoleError, TraceError
from kernels.evidence import EvidenceError

LOG = logging.getLogger(__name__)

SALT_BYTES = 32


class NothingWrongError(RoleError, BadInputError):
    """There is nothing to prove, and nothing was sent."""


@dataclass(frozen=True, slots=True)
class WrongElement:
    """An element that is wrong by the referee's rules."""

    operator: int
    element: int
    expected: int
    committed: int


class Challenger:
    """Proves for one owner, which gets the bounty; `signer` is the uploader's key."""

    def __init__(
        self, uploader: EvidenceUploader, signer: Pubkey, owner: Pubkey, lane: Lane
    ) -> None:
        self._uploader = uploader
        self._signer = signer
        self._owner = owner
        self._lane = lane

    async def suspect(self, snapshot: JobSnapshot, trace: CommittedTrace) -> WrongElement:
        """Returns the first wrong element of everything committed.

        Raises NothingWrongError where there is none, and TraceError.
        """
        stages = [
            CommittedStage(each.first, each.last, each.root)
            for each in (snapshot.verdict.stages if snapshot.verdict is not None else ())
        ]
        found = await self._lane.run(verify_trace, trace.graph, trace.inputs, trace.outputs, stages)
        match found.finding:
            case Reject(operator, element):
                return await self.examine(snapshot, trace, operator, element)
            case Unavailable(missing):
                raise TraceError(
                    f"{missing} of job {snapshot.job.address} is not what was committed"
                )
            case _:
                raise NothingWrongError(
                    f"every element of job {snapshot.job.address} is right: nothing to challenge"
                )

    async def examine(
        self, snapshot: JobSnapshot, trace: CommittedTrace, operator: int, element: int
    ) -> WrongElement:
        """Judge one element as the referee will, and return it.

        Raises NothingWrongError where it is right, and TraceError.
        """
        try:
            found = await self._lane.run(trace.judge, operator, element)
        except EvidenceError as error:
            raise TraceError(f"job {snapshot.job.address} cannot be challenged: {error}") from error
        if not found.is_fraud:
            raise NothingWrongError(
                f"element {element} of operator {operator} is {found.committed}, as it must be: "
                "nothing to challenge"
            )
        return WrongElement(operator, element, found.expected, found.committed)

    async def prove(
        self, snapshot: JobSnapshot, trace: CommittedTrace, wrong: WrongElement, salt: bytes | None
    ) -> Landed:
        """Upload the evidence and prove, by a ticket with the salt.

        `salt` is None where a revealed ballot of the owner rejects the element. Raises ChainError.
        """
        job, (operator, element) = snapshot.job, (wrong.operator, wrong.element)
        evidence = await self._lane.run(trace.evidence, operator, element)
        buffer = EvidenceBuffer(self._signer, job.address, operator, element, evidence)
        challenge = Challenge(buffer, job.graph, salt or bytes(SALT_BYTES), self._owner)
        ballot = None if salt is not None else self._rejecting(snapshot, wrong)
        landed = await self._uploader.prove(challenge, ballot=ballot)
        LOG.info(
            "job %s: element %d of operator %d is %d, must be %d; proven in slot %d",
            job.address, element, operator, wrong.committed, wrong.expected, landed.slot,
        )  # fmt: skip
        return landed

    def _rejecting(self, snapshot: JobSnapshot, wrong: WrongElement) -> int:
        """Returns the index of the owner's ballot that rejects an element; raises RoleError."""
        judged, place = snapshot.verdict, (wrong.operator, wrong.element)
        for ballot in judged.ballots if judged is not None else ():
            if ballot.verifier == self._owner and ballot.rejected == place:
                return ballot.index
        raise RoleError(f"no ballot of {self._owner} rejects this element")

    async def tidy(self, job: Pubkey, operator: int, element: int) -> None:
        """Take the rent of an unfinished upload back; raises ChainError."""
        buffer = EvidenceBuffer(self._signer, job, operator, element, b"")
        if await self._uploader.exists(buffer):
            await self._uploader.close(buffer)
