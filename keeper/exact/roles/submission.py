"""A buyer's job from payment to the end, and again from wherever an earlier process stopped.

A submission is on disk before anything is signed, and the journal decides whether its posting
landed. So whoever repeats a submission goes on with the same job.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError
from keeper.data import BlobStore, NamedOutput
from keeper.errors import BadInputError
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.following import KIND, Following, following, results_of
from keeper.exact.roles.graphs import GraphRegistrar
from keeper.exact.roles.mirror import JobMirror, job_mirror
from keeper.exact.roles.posting import JobPoster, manifest_of
from keeper.exact.roles.preconditions import require_payable
from keeper.exact.roles.results import JobRecord, ResultError
from keeper.exact.roles.workload import MANIFEST_BYTES
from keeper.node.buying.custody import Tell
from keeper.node.buying.settling import settle
from keeper.node.buying.spending import NO_LIMITS, Limits, SpendingLedger
from keeper.node.buying.submissions import (
    Agreement,
    OpenElsewhereError,
    Submission,
    Submissions,
    content_of,
)
from keeper.node.connection import Connection
from keeper.node.endpoints import require_reachable, require_served
from keeper.node.services import Storage
from keeper.node.vault import Salts
from kernels.graph import Graph
from kernels.trace.layout import Array


class UnknownJobError(BadInputError):
    """Neither the chain nor this node knows the job."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a buyer wants: `outputs` are the result, the last operator's where none is named.

    `again` pays for one more job where an equal one was submitted before. `unverified` accepts that
    nobody may check the result, `unchecked_url` that this node cannot fetch from its own URL.
    `limits` bound what the folder spends. The price of the offer is 0 where an agreement settles
    it.
    """

    graph: Graph
    inputs: Sequence[Array]
    offer: JobOffer
    outputs: Sequence[NamedOutput] = ()
    again: bool = False
    unverified: bool = False
    unchecked_url: bool = False
    limits: Limits = NO_LIMITS


@dataclass(slots=True)
class Watch:
    """What a process has reached, for whoever has to tell it when it is interrupted."""

    job: Pubkey | None = None
    following: Following | None = None

    @property
    def snapshot(self) -> JobSnapshot | None:
        """The job as it was seen last, None where it is not open."""
        if self.following is None or self.job is None:
            return None
        return self.following.mirror.view.jobs.get(self.job)


async def submit_job(
    connection: Connection,
    storage: Storage,
    order: Order,
    *,
    tell: Tell,
    watch: Watch,
    agreement: Agreement[JobOffer] | None = None,
) -> JobRecord:
    """Pay for a job, follow it to its end, and take back what nobody is owed.

    A submission of equal content that was begun before goes on, or is answered by its kept result.
    Returns how it ended; its result, where there is one, is in `results_of`. `tell` is given each
    change. Raises UnreachableEndpointError, InsufficientFundsError, OfferError,
    HeldElsewhereError, ResultError, RoleError and ChainError.
    """
    submissions = Submissions(connection.folder, KIND)
    manifest = manifest_of(order.graph, order.inputs, order.outputs).digest
    content = _content(connection, order, manifest)
    with submissions.alone(content), connection.gateway.patient():
        mirror = await job_mirror(connection)
        begun = submissions.latest(content)
        posted = _posted(connection, begun)
        if order.again and posted is not None:
            begun, posted = None, None
        if posted is not None:
            record = results_of(connection.folder).record(posted)
            if record is not None and posted not in mirror.view.jobs:
                if record.settled:
                    return _kept(connection, record, tell)
                tell(f"the job of this submission before, {posted}, ended {record.state}")
                begun, posted = None, None
        if posted is None:
            poster = _Posting(connection, storage, submissions, mirror)
            posted = await poster.post(order, begun, content, manifest, agreement)
            tell(f"job {posted} posted")
            await mirror.refresh()
        else:
            tell(f"job {posted} was submitted before; going on with it")
        return await followed(connection, mirror, storage.store, posted, tell=tell, watch=watch)


async def followed(
    connection: Connection,
    mirror: JobMirror,
    store: BlobStore,
    job: Pubkey,
    *,
    tell: Tell,
    watch: Watch,
) -> JobRecord:
    """Follow a job to its end, and every other of the folder meanwhile; returns how it ended.

    Raises what `Following.closed` raises.
    """
    watch.job = job
    with connection.gateway.patient():
        async with following(connection, mirror, store, tell) as found:
            watch.following = found
            record = await found.closed(job)
            others = found.followed()
    with suppress(ChainError):
        # It is credited before the next work is paid; a result is not lost for that.
        await settle(connection.gateway, SpendingLedger(connection.folder), connection.owner)
    for other in others:
        tell(f"job {other} is still open; go on with: neurolov job follow {other}")
    return record


def begun_before(connection: Connection, order: Order) -> tuple[Submission, Path] | None:
    """Returns an equal order that was posted before, and where its result is kept, if it is.

    None where there is none, and where one more job is wanted.
    """
    manifest = manifest_of(order.graph, order.inputs, order.outputs).digest
    begun = Submissions(connection.folder, KIND).latest(_content(connection, order, manifest))
    posted = _posted(connection, begun)
    if order.again or begun is None or posted is None:
        return None
    return begun, results_of(connection.folder).path(posted)


def _content(connection: Connection, order: Order, manifest: str) -> str:
    return content_of(connection.owner, manifest, asdict(order.offer))


def _posted(connection: Connection, begun: Submission | None) -> Pubkey | None:
    return None if begun is None else begun.landed_in(connection.services.journal, "post_job")


def _kept(connection: Connection, record: JobRecord, tell: Tell) -> JobRecord:
    path = results_of(connection.folder).path(Pubkey.from_string(record.job))
    if not record.result:
        raise ResultError(
            f"job {record.job} of this submission is settled, and its result was given up; pass "
            "--again to pay for another job"
        )
    tell(f"job {record.job} of this submission is settled already; its result is kept at {path}")
    tell("pass --again to pay for another job")
    return record


class _Posting:
    """Posts the job of a submission that has none yet."""

    def __init__(
        self,
        connection: Connection,
        storage: Storage,
        submissions: Submissions,
        mirror: JobMirror,
    ) -> None:
        self._connection = connection
        self._storage = storage
        self._submissions = submissions
        self._mirror = mirror

    async def post(
        self,
        order: Order,
        begun: Submission | None,
        content: str,
        manifest: str,
        agreement: Agreement[JobOffer] | None,
    ) -> Pubkey:
        """Returns the job's address once the posting has landed."""
        connection, storage = self._connection, self._storage
        require_reachable(connection.client, storage.url)
        if not order.again:
            self._require_none_elsewhere(manifest)
        view = self._mirror.view
        offer = (
            order.offer
            if agreement is None
            else await agreement.offer(connection.gateway, connection.owner)
        )
        await require_payable(connection, view, order.graph, offer, unverified=order.unverified)
        total = offer.total(view.terms.parameters.escrow)
        ledger = SpendingLedger(connection.folder)
        await settle(connection.gateway, ledger, connection.owner)
        ledger.require(total, order.limits, None if begun is None else begun.nonce)
        poster = JobPoster(
            connection.gateway,
            connection.submitter,
            connection.owner,
            storage.store,
            Salts(connection.vault),
        )
        listed = poster.store_workload(order.graph, order.inputs, order.outputs)
        if not order.unchecked_url:
            await require_served(connection.client, storage.url, listed.digest, MANIFEST_BYTES)
        if agreement is not None:
            await agreement.confirm()
        submission = begun or self._submissions.begin(content, storage.serving)
        registrar = GraphRegistrar(connection.gateway, connection.submitter, connection.owner)
        graph = await registrar.register(order.graph)

        def named(step: str, job: Pubkey) -> str:
            ledger.count(job, total, order.limits, submission.nonce)
            return self._submissions.bind(submission, job, storage.serving).operation(step)

        async with self._submissions.posting():
            return await poster.post(graph, listed, order.inputs, offer, storage.url, named=named)

    def _require_none_elsewhere(self, manifest: str) -> None:
        salts, owner = Salts(self._connection.vault), self._connection.owner
        for job, snapshot in self._mirror.view.jobs.items():
            found = snapshot.job
            same = found.buyer == owner and found.manifest.hex() == manifest and not found.ended
            if same and salts.get(job) is None:
                raise OpenElsewhereError(
                    f"job {job} with the same graph and inputs is open, and was posted from "
                    "another folder or machine, where its salt is: follow it there, or pass "
                    "--again to pay for another job"
                )
