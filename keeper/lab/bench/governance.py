"""Terms and authority: queued, cancelled and applied."""

from dataclasses import replace

from solders.instruction import Instruction

from keeper.exact.decisions.actions import ApplyAuthority, ApplyTerms
from keeper.lab.bench.recording import RecordingSandbox
from keeper.lab.market import stakers
from keeper.lab.market.actor import Actor
from neurolov_client import staking


def change_terms(sandbox: RecordingSandbox, crank: Actor) -> None:
    """Queues terms with twice the collateral per seat, cancels them, and then applies them."""
    authority = sandbox.person("authority")
    version = stakers.pool(sandbox).terms + 1
    queued = staking.terms_address(version)
    cancelling = staking.cancel_terms(signer=authority.key, authority=authority.key, terms=queued)
    for step in (_queueing(sandbox, authority, version), cancelling):
        sandbox.send(step, signers=[authority])
    sandbox.send(_queueing(sandbox, authority, version), signers=[authority])
    sandbox.warp_to(sandbox.fetch(staking.Terms, queued).applies_slot)
    sandbox.act(crank, ApplyTerms(version))


def hand_over(sandbox: RecordingSandbox, crank: Actor) -> None:
    """Hands the authority over to a successor that signs for it."""
    authority, successor = sandbox.person("authority"), sandbox.person("successor")
    queueing = staking.queue_authority(authority=authority.key, new_authority=successor.key)
    sandbox.send(queueing, signers=[authority, successor])
    slot = stakers.pool(sandbox).authority_slot
    sandbox.warp_to(slot)
    sandbox.act(crank, ApplyAuthority(slot))


def _queueing(sandbox: RecordingSandbox, authority: Actor, version: int) -> Instruction:
    present = sandbox.parameters
    doubled = replace(present.staking, min_verifier_stake=2 * present.staking.min_verifier_stake)
    return staking.queue_terms(
        version=version,
        parameters=replace(present, staking=doubled),
        authority=authority.key,
        present=sandbox.terms,
        treasury=sandbox.treasury,
    )
