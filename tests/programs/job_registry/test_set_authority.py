from idl.client import job_registry
from tests.programs.job_registry.marketplace import PARAMS, Marketplace
from tests.world import unsigned


def test_hands_over(market: Marketplace) -> None:
    heir = market.person()
    instruction = job_registry.set_authority(authority=market.authority.key, new_authority=heir.key)
    sent = market.send(instruction, signers=[market.authority, heir])
    assert market.registry().authority == heir.key
    assert sent.only(job_registry.AuthoritySet).authority == heir.key
    market.fails(
        "Unauthorized",
        job_registry.set_params(params=PARAMS, authority=market.authority.key),
        signers=[market.authority],
    )
    market.send(job_registry.set_params(params=PARAMS, authority=heir.key), signers=[heir])


def test_refuses_anybody_but_the_authority(market: Marketplace) -> None:
    other, heir = market.person(), market.person()
    instruction = job_registry.set_authority(authority=other.key, new_authority=heir.key)
    market.fails("Unauthorized", instruction, signers=[other, heir])


def test_refuses_a_key_that_does_not_sign(market: Marketplace) -> None:
    heir = market.person()
    instruction = job_registry.set_authority(authority=market.authority.key, new_authority=heir.key)
    market.fails("AccountNotSigner", unsigned(instruction, heir.key), signers=[market.authority])
