"""A provider that drains, by a signal or on the chain, and one that is deregistered."""

from pathlib import Path

from keeper.exact.decisions.actions import Claim, CommitStage, ReleaseExposure
from keeper.exact.roles import Provider
from keeper.lab.market.marketplace import PROVIDERS
from keeper.node.decisions.actions import Wait
from keeper.node.registration import Registrar
from tests.keeper.exact.roles.rig import Rig, on_rig

CLAIM_SLOTS = 100
"""More slots than any provider has to wait for its turn."""


def registrar(rig: Rig, *, by_operator: bool) -> Registrar:
    parties, name = rig.market.parties, PROVIDERS[0]
    submitter = parties.acting(name) if by_operator else parties.submitter(name)
    return Registrar(rig.market.services.gateway, submitter, parties.owner(name), parties.mint)


def drains(provider: Provider) -> bool:
    return provider.drain.begun


async def stands_idle(rig: Rig, provider: Provider) -> None:
    """Holds that it does nothing although its turn to claim has come."""
    for _ in range(CLAIM_SLOTS):
        rig.bank.advance()
        await rig.market.mirror.refresh()
        assert isinstance(await provider.step(), Wait)
    assert rig.view.job.lease is None


def test_a_provider_that_its_operator_has_drained_claims_nothing(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await registrar(rig, by_operator=True).set_draining(True)
        await stands_idle(rig, provider)
        assert drains(provider)
        assert provider.farewell(rig.market.mirror.view) == (
            "the provider is drained; to take jobs again run: neurolov provider resume"
        )
        await registrar(rig, by_operator=True).set_draining(False)
        await rig.play([rig.provider()], lambda: rig.view.job.lease is not None)

    on_rig(tmp_path, story)


def test_a_provider_drains_once_its_registration_is_gone(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await provider.step()
        assert not drains(provider)
        await provider.settle()
        await registrar(rig, by_operator=False).deregister_provider()
        await stands_idle(rig, provider)
        assert drains(provider)
        told = provider.farewell(rig.market.mirror.view)
        assert told == "the provider is not registered any more"

    on_rig(tmp_path, story)


def test_what_was_claimed_is_held_until_its_stake_is_free(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await rig.play([provider], lambda: rig.view.job.lease is not None)
        provider.drain.begin()
        (held,) = provider.held(rig.market.mirror.view)
        lease = rig.view.job.lease
        assert lease is not None
        assert held.until == lease.expires_slot
        other = await rig.post()
        everybody = [provider, *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, lambda: provider.held(rig.market.mirror.view) == ())
        assert rig.view.job.ended
        assert provider.owner not in rig.view.exposed
        assert len(rig.actions(CommitStage)) == 1
        assert [action for _, action in rig.actions(Claim)] == [Claim(rig.job)]
        assert rig.actions(ReleaseExposure)
        assert rig.market.mirror.view.jobs[other].job.lease is None

    on_rig(tmp_path, story)
