"""The sandbox without a test's assertions: who pays, and what is told of a refusal."""

import pytest
from solders.instruction import Instruction

from keeper.amounts import NLOV
from keeper.lab.bench.recording import RecordingSandbox
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import stakers
from keeper.lab.market.sandbox import ACTOR_LAMPORTS, Sandbox, TransactionDroppedError
from neurolov_client import ProgramError, staking


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


def test_an_actor_has_localnets_key_and_pays_for_what_it_signs(sandbox: Sandbox) -> None:
    alice = sandbox.actor("alice", tokens=3 * NLOV)
    assert alice.keypair == localnet_keypair("alice")
    assert sandbox.lamports(alice.key) == ACTOR_LAMPORTS
    stakers.stake(sandbox, alice, NLOV)
    assert sandbox.lamports(alice.key) < ACTOR_LAMPORTS
    assert (sandbox.tokens(alice), stakers.position(sandbox, alice).amount) == (2 * NLOV, NLOV)


def test_the_deployer_pays_for_what_nobody_signs(sandbox: Sandbox) -> None:
    sandbox.warp(CHECKPOINT_SLOTS)
    sent = stakers.snapshot(sandbox)
    assert sent.record.keys.all[0] == localnet_keypair("deployer").pubkey()


def test_a_refusal_is_raised_by_name_and_changes_nothing(sandbox: Sandbox) -> None:
    alice = sandbox.actor("alice", tokens=NLOV)
    opening = staking.open_position(owner=alice.key)
    sandbox.send(opening, signers=[alice])
    held = stakers.position(sandbox, alice)
    excessive = staking.stake(amount=NLOV + 1, owner=alice.key, source=alice.tokens)
    with pytest.raises(ProgramError, match="InsufficientFunds"):
        sandbox.send(excessive, signers=[alice])
    assert (stakers.position(sandbox, alice), sandbox.tokens(alice)) == (held, NLOV)


def test_what_reaches_no_program_and_what_is_missing_are_told_apart(sandbox: Sandbox) -> None:
    alice = sandbox.actor("alice")
    with pytest.raises(TransactionDroppedError, match="InvalidProgramForExecution"):
        sandbox.send(Instruction(sandbox.mint, b"", []), signers=[alice])
    address = staking.position_address(alice.key)
    assert sandbox.find(staking.Position, address) is None
    with pytest.raises(LookupError, match=f"no Position at {address}"):
        sandbox.fetch(staking.Position, address)
    opened = sandbox.send(staking.open_position(owner=alice.key), signers=[alice])
    with pytest.raises(LookupError, match="0 Slashed"):
        opened.only(staking.Slashed)


def test_a_recording_sandbox_gives_every_transaction_a_slot_and_keeps_those_that_land() -> None:
    sandbox = RecordingSandbox()
    before, slot = len(sandbox.records), sandbox.slot
    alice = sandbox.person("alice")
    sandbox.stake(alice)
    with pytest.raises(ProgramError, match="AccountAlreadyInUse"):
        sandbox.send(staking.open_position(owner=alice.key), signers=[alice])
    kept = sandbox.records[before:]
    assert [record.slot for record in kept] == [slot + 1, slot + 2]
    assert sandbox.slot == slot + 3
    sandbox.warp(0)
    sandbox.warp(10)
    assert sandbox.slot == slot + 13
