"""A buyer's task from payment to the end, and again from wherever an earlier process stopped.

A submission is on disk before anything is signed, and the journal decides whether its posting
landed. So whoever repeats a submission goes on with the same task.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError
from keeper.data import BlobStore
from keeper.errors import BadInputError
from keeper.node.buying.custody import LostError, Tell
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
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.archive import TaskRecord
from keeper.tolerant.roles.following import KIND, TaskFollowing, following, outputs_of
from keeper.tolerant.roles.mirror import TaskMirror, task_mirror
from keeper.tolerant.roles.posting import TaskPoster, manifest_of, workload_name
from keeper.tolerant.roles.preconditions import require_payable
from keeper.tolerant.roles.workload import MANIFEST_BYTES
from kernels.custom import KernelPackage


class UnknownTaskError(BadInputError):
    """Neither the chain nor this node knows the task."""


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """What a buyer wants: `again` pays for one more task where an equal one was submitted.

    `limits` bound what the folder spends, `unchecked_url` accepts that this node cannot fetch from
    its own URL.
    """

    package: KernelPackage
    inputs: Sequence[bytes]
    offer: TaskOffer
    again: bool = False
    unchecked_url: bool = False
    limits: Limits = NO_LIMITS

    @property
    def workload(self) -> str:
        """The digest of kernel and inputs."""
        digest = bytes.fromhex(manifest_of(self.inputs).digest)
        return workload_name(self.package.digest, digest)


@dataclass(slots=True)
class TaskWatch:
    """What a process has reached, for whoever has to tell it when it is interrupted."""

    task: Pubkey | None = None
    following: TaskFollowing | None = None

    @property
    def snapshot(self) -> TaskSnapshot | None:
        """The task as it was seen last, None where it is not open."""
        if self.following is None or self.task is None:
            return None
        return self.following.open().get(self.task)


async def submit_task(
    connection: Connection,
    storage: Storage,
    order: TaskOrder,
    *,
    tell: Tell,
    watch: TaskWatch,
    agreement: Agreement[TaskOffer] | None = None,
) -> TaskRecord:
    """Pay for a task, follow it to its end, and take back what nobody is owed.

    A submission of equal content that was begun before goes on, or is answered by its kept output.
    Returns how it ended; its output, where there is one, is in `outputs_of`. `tell` is given each
    change. Raises UnreachableEndpointError, InsufficientFundsError, OfferError, PackageError,
    HeldElsewhereError, RoleError and ChainError.
    """
    submissions = Submissions(connection.folder, KIND)
    content = _content(connection, order)
    with submissions.alone(content), connection.gateway.patient():
        mirror = await task_mirror(connection)
        begun = submissions.latest(content)
        posted = _posted(connection, begun)
        if order.again and posted is not None:
            begun, posted = None, None
        if posted is not None:
            record = outputs_of(connection.folder).get(posted)
            if record is not None and posted not in mirror.view.tasks:
                if record.settled:
                    return _kept(connection, record, tell)
                tell(f"the task of this submission before, {posted}, ended {record.state}")
                begun, posted = None, None
        if posted is None:
            require_reachable(connection.client, storage.url)
            if not order.again:
                _require_none_elsewhere(connection, mirror, submissions, order)
            offer = order.offer
            if agreement is not None:
                offer = await agreement.offer(connection.gateway, connection.owner)
            await require_payable(connection, mirror.view, offer)
            total = offer.total(mirror.view.posting_fee)
            ledger = SpendingLedger(connection.folder)
            await settle(connection.gateway, ledger, connection.owner)
            ledger.require(total, order.limits, None if begun is None else begun.nonce)
            poster = TaskPoster(
                connection.gateway, connection.submitter, connection.owner, storage.store
            )
            manifest = poster.store_workload(order.package, order.inputs)
            if not order.unchecked_url:
                await require_served(
                    connection.client, storage.url, manifest.digest, MANIFEST_BYTES
                )
            if agreement is not None:
                await agreement.confirm()
            submission = begun or submissions.begin(content, storage.serving)

            def named(step: str, task: Pubkey) -> str:
                ledger.count(task, total, order.limits, submission.nonce)
                return submissions.bind(submission, task, storage.serving).operation(step)

            async with submissions.posting():
                posted = await poster.post(order.package, manifest, offer, storage.url, named=named)
            tell(f"task {posted} posted")
            await mirror.refresh()
        else:
            tell(f"task {posted} was submitted before; going on with it")
        return await followed(connection, mirror, storage.store, posted, tell=tell, watch=watch)


async def followed(
    connection: Connection,
    mirror: TaskMirror,
    store: BlobStore,
    task: Pubkey,
    *,
    tell: Tell,
    watch: TaskWatch,
) -> TaskRecord:
    """Follow a task to its end, and every other of the folder meanwhile; returns how it ended.

    Raises what `Custody.closed` raises.
    """
    watch.task = task
    with connection.gateway.patient():
        async with following(connection, mirror, store, tell) as found:
            watch.following = found
            record = await found.closed(task)
            others = found.followed()
    with suppress(ChainError):
        # It is credited before the next work is paid; a result is not lost for that.
        await settle(connection.gateway, SpendingLedger(connection.folder), connection.owner)
    for other in others:
        tell(f"task {other} is still open; go on with: neurolov task follow {other}")
    return record


def begun_before(connection: Connection, order: TaskOrder) -> tuple[Submission, Path] | None:
    """Returns an equal order that was posted before, and where its output is kept, if it is.

    None where there is none, and where one more task is wanted.
    """
    begun = Submissions(connection.folder, KIND).latest(_content(connection, order))
    posted = _posted(connection, begun)
    if order.again or begun is None or posted is None:
        return None
    return begun, outputs_of(connection.folder).path(posted)


def _content(connection: Connection, order: TaskOrder) -> str:
    return content_of(connection.owner, order.workload, asdict(order.offer))


def _posted(connection: Connection, begun: Submission | None) -> Pubkey | None:
    return None if begun is None else begun.landed_in(connection.services.journal, "post_task")


def _kept(connection: Connection, record: TaskRecord, tell: Tell) -> TaskRecord:
    path = outputs_of(connection.folder).path(Pubkey.from_string(record.task))
    if not record.output:
        raise LostError(
            f"task {record.task} of this submission is settled, and its output is not kept; pass "
            "--again to pay for another task"
        )
    tell(f"task {record.task} of this submission is settled already; its output is kept at {path}")
    tell("pass --again to pay for another task")
    return record


def _require_none_elsewhere(
    connection: Connection, mirror: TaskMirror, submissions: Submissions, order: TaskOrder
) -> None:
    here = submissions.by_address()
    for address, snapshot in mirror.view.tasks.items():
        found = snapshot.task
        same = workload_name(found.kernel, found.input) == order.workload and not found.ended
        if same and found.buyer == connection.owner and str(address) not in here:
            raise OpenElsewhereError(
                f"task {address} with the same kernel and inputs is open, and was posted from "
                "another folder or machine: follow it there, or pass --again to pay for "
                "another task"
            )
