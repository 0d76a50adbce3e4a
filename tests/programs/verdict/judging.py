"""A job on its way through the verdict program, step by step."""

from collections.abc import Mapping
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market import judgement as judge
from keeper.lab.market.jobs import (
    ask_for,
    capability,
    claim,
    open_buyer,
    post_job,
    register_graph,
    register_provider,
    small_graph,
    terms_of,
)
from keeper.lab.market.judgement import ballot_salt
from keeper.lab.market.stakers import committee, stake
from kernels.graph import Graph
from neurolov_client import escrow, job_registry, shard_of, staking, verdict
from neurolov_client.bindings.verdict import DRAW_DELAY, Choice
from tests.world import NLOV, Actor, World

OPERATORS: Final = 4
"""The small graph's number of operators."""

Vote = tuple[Choice, int, int]
"""Choice, operator, element."""
ACCEPTS: Final[Vote] = (Choice.ACCEPT, 0, 0)
REJECTS: Final[Vote] = (Choice.REJECT, 1, 5)
MISSES: Final[Vote] = (Choice.UNAVAILABLE, 0, 0)


def slot_hash(world: World, slot: int) -> bytes:
    """Returns the hash of the lowest slot at or after `slot`."""
    return bytes(min(each for each in world.bank.slot_hashes() if each[0] >= slot)[1])


class Judging:
    """A claimed job with its provider, and seated verifiers that the snapshot shows.

    Another provider, the heir, registered early enough to claim it as well.
    """

    def __init__(
        self,
        world: World,
        *,
        seats: int = 7,
        paid_urgency: int = 0,
        graph: Graph | None = None,
        **offer: object,
    ) -> None:
        self.world = world
        self.members = committee(world, seats)
        self.buyer = world.actor("buyer", tokens=1_000 * NLOV)
        self.provider = world.actor("provider")
        self.cranker = world.actor("cranker")
        work = (graph or small_graph()).multiply_adds
        ask = ask_for(NLOV, work)
        self.heir = self._registered("heir", ask)
        register_provider(world, self.provider, ask=ask)
        open_buyer(world, self.buyer)
        self.job = post_job(
            world,
            self.buyer,
            register_graph(world, self.buyer, graph),
            paid_urgency=paid_urgency,
            **offer,
        )
        claim(world, self.provider, self.job)
        self.address = verdict.verdict_address(self.job.address)

    def _registered(self, name: str, ask: int) -> Actor:
        owner = self.world.actor(name, tokens=1_000 * NLOV)
        stake(self.world, owner, 1_000 * NLOV)
        registering = job_registry.register_provider(
            capability=capability(ask=ask), owner=owner.key
        )
        self.world.send(registering, signers=[owner])
        return owner

    @property
    def account(self) -> verdict.Verdict:
        """Returns the verdict's account."""
        return self.world.fetch(verdict.Verdict, self.address)

    @property
    def job_account(self) -> job_registry.Job:
        """Returns the job's account."""
        return self.world.fetch(job_registry.Job, self.job.address)

    @property
    def escrow_account(self) -> escrow.Escrow:
        """Returns the job's escrow."""
        return self.world.fetch(escrow.Escrow, self.job.escrow)

    @property
    def credited(self) -> dict[Pubkey, int]:
        """Returns the base units that the escrow owes or paid, by party."""
        account = self.escrow_account
        return {each.party: each.amount for each in account.credits[: account.credit_count]}

    @property
    def terms(self) -> Pubkey:
        """Returns the address of the terms that the job keeps."""
        return terms_of(self.world, self.job)

    @property
    def fee_vault(self) -> Pubkey:
        """Returns the fee vault of the job's shard."""
        return escrow.fees_address(shard_of(self.job.address))

    @property
    def seed_slot(self) -> int:
        """Returns the slot whose hash seeds the draw that is due."""
        return self.account.committed_slot + DRAW_DELAY

    def ballots(self, draw: int | None = None) -> list[tuple[int, verdict.Ballot]]:
        """Returns the number and ballot of every verifier drawn, or of one draw."""
        account = self.account
        drawn = list(enumerate(account.ballots[: account.ballot_count]))
        return [(n, each) for n, each in drawn if draw is None or each.draw == draw]

    def member(self, ballot: int) -> Actor:
        """Returns the actor on the ballot's seat: seats are numbered as members are."""
        return self.members[self.account.ballots[ballot].seat]

    # instructions

    def open(self, payer: Actor | None = None) -> Instruction:
        return verdict.open_verdict(payer=(payer or self.provider).key, job=self.job.address)

    def commit(
        self,
        first: int = 0,
        last: int = OPERATORS,
        *,
        root: bytes = bytes([7]) * 32,
        kind: int = 0,
        owner: Actor | None = None,
        signer: Actor | None = None,
    ) -> Instruction:
        """Commits for a provider, signed by itself unless its operator is named."""
        owner = owner or self.provider
        return verdict.commit_stage(
            first=first,
            last=last,
            root=root,
            kind=kind,
            signer=(signer or owner).key,
            job=self.job.address,
            graph=self.job.graph,
            provider=job_registry.provider_address(owner.key),
            position=staking.position_address(owner.key),
            terms=self.terms,
        )

    def draw(self, salt: bytes | None = None, cranker: Actor | None = None) -> Instruction:
        return verdict.draw(
            salt=salt,
            cranker=(cranker or self.cranker).key,
            verdict=self.address,
            terms=self.terms,
            even=staking.snapshot_address(0),
            odd=staking.snapshot_address(1),
        )

    def commitment(self, owner: Actor, vote: Vote) -> bytes:
        choice, operator, element = vote
        return judge.commitment(owner, self.job, choice, operator=operator, element=element)

    def cast(
        self,
        ballot: int,
        vote: Vote = ACCEPTS,
        *,
        commitment: bytes | None = None,
        owner: Actor | None = None,
        signer: Actor | None = None,
        seat: int | None = None,
    ) -> Instruction:
        """Casts for the holder of the ballot's seat, unless another owner, key or seat is named."""
        owner = owner or self.member(ballot)
        number = self.account.ballots[ballot].seat if seat is None else seat
        return verdict.cast_ballot(
            ballot=ballot,
            commitment=commitment or self.commitment(owner, vote),
            signer=(signer or owner).key,
            terms=self.terms,
            job=self.job.address,
            seat=staking.seat_address(number),
            position=staking.position_address(owner.key),
            exposure=staking.exposure_address(self.job.address, owner.key),
        )

    def decline(
        self,
        ballot: int,
        *,
        owner: Actor | None = None,
        signer: Actor | None = None,
        seat: int | None = None,
    ) -> Instruction:
        """Declines for the holder of the ballot's seat, unless another is named, as in `cast`."""
        owner = owner or self.member(ballot)
        number = self.account.ballots[ballot].seat if seat is None else seat
        return verdict.decline_ballot(
            ballot=ballot,
            signer=(signer or owner).key,
            verdict=self.address,
            terms=self.terms,
            seat=staking.seat_address(number),
            position=staking.position_address(owner.key),
        )

    def report(self, ballot: int, owner: Actor | None = None) -> Instruction:
        """Reports the silence of the holder of the ballot's seat, or of another owner."""
        return verdict.report_silent(
            ballot=ballot,
            verdict=self.address,
            terms=self.terms,
            seat=staking.seat_address(self.account.ballots[ballot].seat),
            position=staking.position_address((owner or self.member(ballot)).key),
            escrow_config=escrow.config_address(),
            fee_vault=self.fee_vault,
        )

    def reveal(
        self, ballot: int, vote: Vote = ACCEPTS, *, salt: bytes | None = None
    ) -> Instruction:
        owner = self.member(ballot)
        choice, operator, element = vote
        return verdict.reveal_ballot(
            ballot=ballot,
            choice=choice,
            operator=operator,
            element=element,
            salt=salt or ballot_salt(owner, self.job),
            verdict=self.address,
        )

    def tally(self, cranker: Actor | None = None) -> Instruction:
        return verdict.tally(
            cranker=(cranker or self.cranker).key, verdict=self.address, terms=self.terms
        )

    def settle(self, cranker: Actor | None = None) -> Instruction:
        return verdict.settle(
            cranker=(cranker or self.cranker).key,
            job=self.job.address,
            provider=job_registry.provider_address(self.provider.key),
            utilisation=job_registry.utilisation_address(shard_of(self.job.address)),
            terms=self.terms,
        )

    def void(self, blamed: Actor | None = None, cranker: Actor | None = None) -> Instruction:
        owner = (blamed or self.provider).key
        return verdict.void(
            cranker=(cranker or self.cranker).key,
            job=self.job.address,
            provider=job_registry.provider_address(owner),
            utilisation=job_registry.utilisation_address(shard_of(self.job.address)),
            terms=self.terms,
            escrow_config=escrow.config_address(),
            destination=judge.loss_destination(self.world, self.job),
            position=staking.position_address(owner),
            exposure=staking.exposure_address(self.job.address, owner),
        )

    def release(self, ballot: int, owner: Actor | None = None) -> Instruction:
        key = (owner or self.member(ballot)).key
        address = staking.exposure_address(self.job.address, key)
        exposure = self.world.find(staking.Exposure, address)
        return verdict.release_ballot(
            ballot=ballot,
            verdict=self.address,
            payer=key if exposure is None else exposure.payer,
            position=staking.position_address(key),
            exposure=address,
            escrow_config=escrow.config_address(),
            fee_vault=self.fee_vault,
        )

    def expire_lease(self) -> Instruction:
        """Ends the lease of whoever holds the job."""
        owner = self.job_account.lease.provider
        address = staking.exposure_address(self.job.address, owner)
        return job_registry.expire_lease(
            terms=self.terms,
            job=self.job.address,
            provider=job_registry.provider_address(owner),
            escrow_config=escrow.config_address(),
            fee_vault=self.fee_vault,
            position=staking.position_address(owner),
            exposure=address,
            payer=self.world.fetch(staking.Exposure, address).payer,
        )

    def expire_job(self) -> Instruction:
        return job_registry.expire_job(
            cranker=self.cranker.key, terms=self.terms, job=self.job.address
        )

    def release_exposure(self) -> Instruction:
        """Frees what the provider has exposed."""
        address = staking.exposure_address(self.job.address, self.provider.key)
        return job_registry.release_exposure(
            job=self.job.address,
            payer=self.world.fetch(staking.Exposure, address).payer,
            position=staking.position_address(self.provider.key),
            exposure=address,
        )

    def close(self) -> Instruction:
        return verdict.close_verdict(payer=self.account.payer, job=self.job.address)

    # steps

    def opened(self) -> "Judging":
        self.world.send(self.open(), signers=[self.provider])
        return self

    def committed(self) -> "Judging":
        """Commits the whole result in one stage."""
        judge.commit(self.world, self.provider, self.job)
        return self

    def balloting(self) -> "Judging":
        """Makes the first draw, with the buyer's salt; a provider without reputation is sampled."""
        return self.committed().drawn()

    def lapsed(self) -> "Judging":
        """Lets the lease end, so that another provider may continue."""
        self.world.warp_to(self.job_account.lease.expires_slot + 1)
        self.world.send(self.expire_lease())
        return self

    def drawn(self) -> "Judging":
        """Makes the draw that is due."""
        judge.draw(self.world, self.cranker, self.job)
        return self

    def voted(self, votes: Mapping[int, Vote]) -> "Judging":
        """Casts and reveals these ballots; the others stay silent."""
        for ballot, vote in votes.items():
            self.world.send(self.cast(ballot, vote), signers=[self.member(ballot)])
        if self.world.slot <= self.account.ballot_deadline:
            self.world.warp_to(self.account.ballot_deadline + 1)
        for ballot, vote in votes.items():
            self.world.send(self.reveal(ballot, vote))
        return self

    def tallied(self, votes: Mapping[int, Vote]) -> "Judging":
        """Votes and counts."""
        self.voted(votes)
        self.world.send(self.tally(), signers=[self.cranker])
        return self

    def decided(self, vote: Vote = ACCEPTS) -> "Judging":
        """Lets all verifiers of the first draw agree."""
        self.balloting()
        return self.tallied({ballot: vote for ballot, _ in self.ballots()})

    def settled(self) -> "Judging":
        """Accepts the result, and pays it after the window."""
        self.decided()
        judge.settle(self.world, self.cranker, self.job)
        return self
