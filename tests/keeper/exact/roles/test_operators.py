"""Hot keys that work for owners: what they may do, and how one replaces another."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.chain.errors import ProgramError
from keeper.exact.decisions.actions import (
    CastBallot,
    Claim,
    CloseVerdict,
    CommitStage,
    DeclineBallot,
    RevealBallot,
)
from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.roles import Provider, Verifier
from keeper.exact.roles.ballots import BALLOTS
from keeper.exact.roles.context import Context
from keeper.exact.roles.data import job_data
from keeper.exact.roles.provider import ProviderTools
from keeper.exact.roles.service import ProviderOffer, open_provider, open_verifier
from keeper.exact.roles.transactions import instruction
from keeper.exact.roles.verifier import VerifierTools
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.marketplace import PROVIDERS, VERIFIERS
from keeper.node.accounts import url_field
from keeper.node.connection import Connection
from keeper.node.decisions.actions import Action, Wait
from keeper.node.errors import NotRegisteredError
from keeper.node.operators import OperatorError, operator_document
from keeper.node.registration import Registrar, capability
from keeper.node.vault import Vault
from kernels.graph.reference import NumpyExecutor
from kernels.trace import stored_roots
from neurolov_client import staking, verdict
from tests.keeper.exact.roles.rig import TERMS, Rig, on_rig

OWNER = PROVIDERS[0]
REGISTRY = LOCALNET_PARAMETERS.job_registry
NEEDED = TERMS.price * REGISTRY.kappa + TERMS.price * REGISTRY.bond_bps // 10_000
"""Exposure and bond of a lease of the rig's job, in base units."""
BALLOT = LOCALNET_PARAMETERS.verdict.ballot_exposure + LOCALNET_PARAMETERS.verdict.silence_fee


async def appointed(rig: Rig, name: str, hot_name: str, budget: int) -> Keypair:
    """Returns a new funded key, the operator of a party with this budget."""
    hot = localnet_keypair(hot_name)
    rig.bank.airdrop(hot.pubkey(), 10**10)
    parties, services = rig.market.parties, rig.market.services
    cold = services.submitter(parties.keys[name])
    registrar = Registrar(services.gateway, cold, parties.owner(name), parties.mint)
    await registrar.set_operator(hot.pubkey(), budget)
    await rig.market.mirror.refresh()
    return hot


def provider_of(rig: Rig, hot: Keypair, name: str = OWNER) -> Provider:
    services = rig.market.services
    tools = ProviderTools(
        executor=NumpyExecutor(),
        rate=rig.market.rate,
        lane=services.lane,
        data=job_data(services, rig.market.storages[name]),
    )
    owner = rig.market.parties.owner(name)
    return Provider(rig.market.mirror, services.submitter(hot), owner, tools)


def verifier_of(rig: Rig, hot: Keypair, name: str) -> Verifier:
    services = rig.market.services
    tools = VerifierTools(
        lane=services.lane,
        data=job_data(services, rig.market.storages[name]),
        ballots=Vault(rig.market.parties.folder / name).secrets(BALLOTS),
    )
    owner = rig.market.parties.owner(name)
    return Verifier(rig.market.mirror, services.submitter(hot), owner, tools)


def position(rig: Rig, name: str) -> staking.Position:
    found = rig.market.mirror.view.parties[rig.market.parties.owner(name)].position
    assert found is not None
    return found


def lamports(rig: Rig, key: Pubkey) -> int:
    raw = rig.bank.account(key)
    return 0 if raw is None else raw.lamports


def taken(rig: Rig, kind: type[Action]) -> Callable[[], bool]:
    return lambda: bool(rig.actions(kind))


def test_a_job_is_run_by_an_operator_and_paid_to_its_owner(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", NEEDED)
        owner = rig.market.parties.owner(OWNER)
        before, held = await rig.balances(), (lamports(rig, owner), lamports(rig, hot.pubkey()))
        everybody = [provider_of(rig, hot), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, taken(rig, CommitStage))
        assert position(rig, OWNER).operator_exposed == NEEDED
        await rig.play(everybody, rig.ended)
        assert rig.view.job.state is JobState.SETTLED
        assert rig.view.job.lease is not None
        assert rig.view.job.lease.provider == owner
        price = rig.view.job.lease.price
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        after = await rig.balances()
        fee = -(-price * LOCALNET_PARAMETERS.escrow.fee_bps // 10_000)
        assert after.named[OWNER] - before.named[OWNER] == price - fee
        assert position(rig, OWNER).operator_exposed == 0
        # The owner paid nothing, and all rents have come back to the operator.
        assert lamports(rig, owner) == held[0]
        fees = sum(record.fee for record in rig.bank.history(hot.pubkey()))
        assert 0 < held[1] - lamports(rig, hot.pubkey()) <= fees

    on_rig(tmp_path, story)


def test_an_operator_without_budget_claims_nothing_and_finishes_what_it_has(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", NEEDED)
        provider = provider_of(rig, hot)
        await rig.play([provider], taken(rig, Claim))
        again = await rig.post()
        # The owner lowers the budget below what is at risk already.
        await appointed(rig, OWNER, "hot", NEEDED - 1)
        left = operator_document(position(rig, OWNER))
        assert (left["exposed"], left["left"], left["can_lose"]) == (NEEDED, 0, NEEDED)
        await rig.play(
            [provider, *rig.verifiers, rig.crank, rig.buyer],
            lambda: rig.view.job.ended and rig.market.mirror.view.jobs[again].job.ended,
        )
        assert rig.view.job.state is JobState.SETTLED
        assert rig.market.mirror.view.jobs[again].job.state is JobState.EXPIRED
        assert len(rig.actions(Claim)) == 1

    on_rig(tmp_path, story)


def test_a_budget_without_room_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", REGISTRY.min_exposure - 1)
        provider = provider_of(rig, hot)
        for _ in range(3):
            assert isinstance(await provider.step(), Wait)
        warnings = [each for each in caplog.messages if "takes no new work" in each]
        assert len(warnings) == 1
        assert "0 of 0.999999999 NLOV at risk" in warnings[0]

    on_rig(tmp_path, story)


def connection_of(rig: Rig, hot: Keypair, name: str) -> Connection:
    parties, services = rig.market.parties, rig.market.services
    folder = parties.folder / name
    return Connection(services, services.submitter(hot), parties.owner(name), parties.mint, folder)


def test_an_operators_node_opens_without_the_owners_key(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        storages = rig.market.storages
        hot = await appointed(rig, OWNER, "hot", NEEDED)
        connection = connection_of(rig, hot, OWNER)
        offer = ProviderOffer(
            ask=1,
            memory_bytes=1,
            rate=rig.market.rate,
            max_macs=1,
            executor=NumpyExecutor(),
            lane=connection.services.lane,
        )
        provider = await open_provider(connection, storages[OWNER], offer)
        assert (provider.owner, provider.signer) == (connection.owner, hot.pubkey())
        await rig.market.mirror.refresh()
        registered = rig.market.mirror.view.parties[provider.owner].provider
        assert registered is not None
        assert registered.ask != offer.ask
        name = VERIFIERS[0]
        voting = await appointed(rig, name, "hotter", BALLOT)
        connection = connection_of(rig, voting, name)
        verifier = await open_verifier(connection, storages[name], 1, stored_roots)
        assert (verifier.owner, verifier.signer) == (connection.owner, voting.pubkey())

    on_rig(tmp_path, story)


def test_an_operator_of_an_owner_without_a_seat_cannot_verify(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", BALLOT)
        connection = connection_of(rig, hot, OWNER)
        with pytest.raises(NotRegisteredError, match="holds no seat"):
            await open_verifier(connection, rig.market.storages[OWNER], 1, stored_roots)

    on_rig(tmp_path, story)


def test_the_chain_refuses_what_exceeds_the_budget(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", NEEDED - 1)
        owner, view = rig.market.parties.owner(OWNER), rig.market.mirror.view
        rig.bank.advance(REGISTRY.claim_max_delay_slots + 2)
        context = Context(hot.pubkey(), owner, view.mint, view.terms, rig.view)
        submitter = rig.market.services.submitter(hot)
        with pytest.raises(ProgramError, match="OperatorBudgetExceeded"):
            await submitter.submit("claim", [instruction(Claim(rig.job), context)])
        await rig.market.mirror.refresh()
        assert rig.view.job.state is JobState.POSTED
        assert position(rig, OWNER).exposed == 0

    on_rig(tmp_path, story)


def test_a_new_operator_finishes_work_in_flight_and_the_old_one_stops(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        first = await appointed(rig, OWNER, "hot", NEEDED)
        old = provider_of(rig, first)
        await rig.play([old], lambda: rig.view.verdict is not None)
        second = await appointed(rig, OWNER, "hotter", NEEDED)
        with pytest.raises(OperatorError, match=f"is {second.pubkey()}, not {first.pubkey()}"):
            await old.step()
        assert [rig.view.job.state] == [JobState.CLAIMED]
        everybody = [provider_of(rig, second), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, rig.ended)
        assert rig.view.job.state is JobState.SETTLED
        assert rig.view.verdict is not None
        assert rig.view.verdict.payer == first.pubkey()
        before = lamports(rig, first.pubkey())
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        # The rents that the old key paid come back to it, though the new one closes the accounts.
        assert lamports(rig, first.pubkey()) > before
        assert [name for name, _ in rig.actions(CloseVerdict)] == ["provider"]
        assert position(rig, OWNER).operator_exposed == 0

    on_rig(tmp_path, story)


def test_a_replaced_key_can_do_nothing(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        first = await appointed(rig, OWNER, "hot", NEEDED)
        await appointed(rig, OWNER, "hotter", NEEDED)
        rig.bank.advance(REGISTRY.claim_max_delay_slots + 2)
        owner, view = rig.market.parties.owner(OWNER), rig.market.mirror.view
        context = Context(first.pubkey(), owner, view.mint, view.terms, rig.view)
        submitter = rig.market.services.submitter(first)
        with pytest.raises(ProgramError, match="Unauthorized"):
            await submitter.submit("claim", [instruction(Claim(rig.job), context)])
        assert position(rig, OWNER).exposed == 0

    on_rig(tmp_path, story)


def drawn_name(rig: Rig) -> str:
    """Returns the verifier of the first drawn seat; seats are taken in the order of the names."""
    assert rig.view.verdict is not None
    return VERIFIERS[rig.view.verdict.ballots[0].seat]


def drawing(rig: Rig) -> Callable[[], bool]:
    return lambda: rig.view.verdict is not None and bool(rig.view.verdict.ballots)


def test_an_operator_votes_and_its_successor_reveals(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.play([rig.provider(), rig.crank, rig.buyer], drawing(rig))
        name = drawn_name(rig)
        first = await appointed(rig, name, "hot", BALLOT)
        owner = rig.market.parties.owner(name)
        others = [each for each in rig.verifiers if each.owner != owner]
        rest = [*others, rig.crank, rig.buyer]
        await rig.play([verifier_of(rig, first, name)], taken(rig, CastBallot))
        second = await appointed(rig, name, "hotter", BALLOT)
        await rig.play([verifier_of(rig, second, name), *rest], rig.ended)
        assert rig.view.verdict is not None
        assert rig.view.verdict.outcome is Outcome.ACCEPTED
        ballot = rig.view.verdict.ballots[0]
        assert (ballot.verifier, ballot.accepted) == (owner, True)
        assert len(rig.actions(RevealBallot)) == 3
        paid = await rig.balances()
        rig.buyer.keep.clear()
        provider = rig.provider()
        await rig.play([verifier_of(rig, second, name), provider, *rest], rig.closed)
        after = await rig.balances()
        assert after.named[name] - paid.named[name] == TERMS.verification_fee
        assert position(rig, name).operator_exposed == 0

    on_rig(tmp_path, story)


def test_a_verifier_whose_operator_has_no_budget_neither_votes_nor_declines(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        await rig.play([rig.provider(), rig.crank, rig.buyer], drawing(rig))
        name = drawn_name(rig)
        hot = await appointed(rig, name, "hot", BALLOT - 1)
        verifier = verifier_of(rig, hot, name)
        assert isinstance(await verifier.step(), Wait)
        assert not rig.actions(DeclineBallot)
        judged = rig.view.verdict
        assert judged is not None
        assert judged.ballots[0].state is BallotState.DRAWN
        # With a higher budget it votes at once.
        await appointed(rig, name, "hot", BALLOT)
        await rig.play([verifier], taken(rig, CastBallot))

    on_rig(tmp_path, story)


def test_a_verdicts_salt_and_ballots_are_the_owners_whoever_signs(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await rig.play([rig.provider(), rig.crank, rig.buyer], drawing(rig))
        name = drawn_name(rig)
        hot = await appointed(rig, name, "hot", 5 * BALLOT)
        await rig.play([verifier_of(rig, hot, name)], taken(rig, CastBallot))
        owner = rig.market.parties.owner(name)
        exposed = await rig.market.services.gateway.fetch(
            staking.Exposure, staking.exposure_address(rig.job, owner)
        )
        assert exposed is not None
        assert (exposed.owner, exposed.payer) == (owner, hot.pubkey())
        assert (exposed.by_operator, exposed.ballot) == (1, 1)
        judged = await rig.market.services.gateway.fetch(
            verdict.Verdict, verdict.verdict_address(rig.job)
        )
        assert judged is not None
        assert judged.ballots[0].verifier == owner
        assert rig.view.verdict is not None
        assert rig.view.verdict.state is VerdictState.BALLOTING

    on_rig(tmp_path, story)


def test_only_the_owners_key_stakes_and_names_operators(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", NLOV)
        parties, services = rig.market.parties, rig.market.services
        owner = parties.owner(OWNER)
        registrar = Registrar(services.gateway, services.submitter(hot), owner, parties.mint)
        for step in (
            registrar.stake(NLOV),
            registrar.unstake(NLOV),
            registrar.claim_rewards(),
            registrar.set_operator(parties.owner("crank"), NLOV),
        ):
            with pytest.raises(OperatorError, match=f"only the key of {owner} may do this"):
                await step

    on_rig(tmp_path, story)


def test_an_operator_changes_the_endpoint_of_a_provider_and_nothing_else(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        hot = await appointed(rig, OWNER, "hot", NLOV)
        parties, services = rig.market.parties, rig.market.services
        owner = parties.owner(OWNER)
        before = rig.market.mirror.view.parties[owner].provider
        assert before is not None
        moved = "http://127.0.0.1:9"
        other = capability(ask=1, memory_bytes=1, rate=1, max_macs=1, endpoint=moved)
        registrar = Registrar(services.gateway, services.submitter(hot), owner, parties.mint)
        await registrar.register_provider(other)
        after = (await rig.market.mirror.refresh()).parties[owner].provider
        assert after is not None
        assert after == replace(before, endpoint=url_field(moved), sequence=before.sequence + 1)
        unregistered = Registrar(
            services.gateway, services.submitter(hot), parties.owner(VERIFIERS[0]), parties.mint
        )
        with pytest.raises(NotRegisteredError, match="neurolov provider register"):
            await unregistered.register_provider(other)

    on_rig(tmp_path, story)


def test_figures_of_the_budget_are_nothing_without_an_operator() -> None:
    idle = staking.Position.decode(
        staking.Position.DISCRIMINATOR + bytes(312 - 8), owner=staking.ID
    )
    assert operator_document(idle)["operator"] is None
    assert operator_document(idle)["can_lose"] == 0
