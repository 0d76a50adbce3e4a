from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import TransferParams, transfer

from keeper.lab.market import tasks
from neurolov_client import TOKEN_PROGRAM, escrow
from neurolov_client.bindings.escrow import EscrowState
from tests.programs.escrow.purse import HELD, Purse
from tests.programs.forging import Caller
from tests.world import NLOV, Actor, World, unsigned, with_account


def given(donor: Actor, vault: Pubkey, amount: int) -> Instruction:
    """Returns a gift to the vault."""
    return transfer(
        TransferParams(
            program_id=TOKEN_PROGRAM,
            source=donor.tokens,
            dest=vault,
            owner=donor.key,
            amount=amount,
        )
    )


def test_credits_charges_and_ends(
    world: World, purse: Purse, provider: Actor, verifier: Actor
) -> None:
    (event,) = purse.settle((provider, 900), (verifier, 30), fee=50)
    stored = purse.stored()
    assert (stored.state, stored.credit_count) == (EscrowState.FINAL, 2)
    assert (stored.credited, stored.fee, stored.fee_due, stored.paid) == (930, 50, 50, 0)
    first, second = stored.credits[:2]
    assert (first.party, first.amount, first.paid) == (provider.key, 900, 0)
    assert (second.party, second.amount) == (verifier.key, 30)
    assert purse.held == HELD
    assert isinstance(event, escrow.Settled)
    assert (event.job, event.credited, event.fee) == (purse.job, 930, 50)
    assert (event.finalised, event.envelope.sequence) == (True, stored.sequence)


def test_merges_credits_of_one_party(purse: Purse, provider: Actor, verifier: Actor) -> None:
    purse.settle((provider, 1), (verifier, 2), (provider, 3), (verifier, 0), finalise=False)
    purse.settle((provider, 4))
    stored = purse.stored()
    assert [entry.amount for entry in stored.credits[: stored.credit_count]] == [8, 2]


def test_goes_on_until_it_is_final(purse: Purse, provider: Actor, verdict: Caller) -> None:
    purse.settle((provider, 5), finalise=False)
    assert purse.stored().state == EscrowState.LOCKED
    purse.settle()
    verdict.fails("AlreadyFinal", purse.settling((provider, 1)))


def test_a_paid_credit_is_not_added_to(purse: Purse, provider: Actor) -> None:
    purse.settle((provider, 5), finalise=False)
    purse.send(purse.withdrawing(0, provider))
    purse.settle((provider, 6))
    stored = purse.stored()
    entries = stored.credits[: stored.credit_count]
    assert [(entry.amount, entry.paid) for entry in entries] == [(5, 1), (6, 0)]


def test_refuses_more_than_is_locked(purse: Purse, provider: Actor, verdict: Caller) -> None:
    purse.settle((provider, HELD - 10), fee=7, finalise=False)
    verdict.fails("ExceedsLocked", purse.settling((provider, 4)))
    verdict.fails("ExceedsLocked", purse.settling(fee=4))
    purse.settle((provider, 3))


def test_refuses_a_twenty_fifth_party(world: World, purse: Purse, verdict: Caller) -> None:
    parties = [world.actor(f"party {number}") for number in range(25)]
    purse.settle(*((party, 1) for party in parties[:12]), finalise=False)
    purse.settle(*((party, 1) for party in parties[12:24]), finalise=False)
    verdict.fails("TooManyCredits", purse.settling((parties[24], 1)))


def test_attack_11_the_largest_amount(
    purse: Purse, provider: Actor, verifier: Actor, verdict: Caller
) -> None:
    most = 2**64 - 1
    verdict.fails("ExceedsLocked", purse.settling((provider, most)))
    verdict.fails("Overflow", purse.settling((provider, most), (provider, 1)))
    verdict.fails("Overflow", purse.settling((provider, most), (verifier, 1)))
    verdict.fails("Overflow", purse.settling((provider, 1), fee=most))


def test_refuses_every_other_caller(
    world: World, purse: Purse, provider: Actor, verdict: Caller, registry: Caller
) -> None:
    instruction = purse.settling((provider, 1))
    registry.fails("WrongCaller", with_account(instruction, verdict.key, registry.key))
    by_wallet = with_account(instruction, verdict.key, provider.key)
    world.fails("WrongCaller", by_wallet, signers=[provider])


def test_each_judge_settles_its_own(world: World, purse: Purse, verdict: Caller) -> None:
    redundancy = Caller(world, "redundancy")
    redundancy.fails("WrongCaller", purse.settling(authority=redundancy.key))
    buyer = world.actor("another buyer", tokens=100 * NLOV)
    task = tasks.post(world, buyer)
    theirs = Purse(world, buyer, task.address)
    verdict.fails("WrongCaller", theirs.settling())
    redundancy.send(theirs.settling((buyer, 1), authority=redundancy.key))
    assert (theirs.stored().state, theirs.stored().judge) == (EscrowState.FINAL, 1)


def test_attack_01_the_program_must_sign(world: World, purse: Purse, verdict: Caller) -> None:
    world.fails("AccountNotSigner", unsigned(purse.settling(), verdict.key))


def test_credits_what_reached_the_vault_besides(
    world: World, purse: Purse, provider: Actor, verdict: Caller
) -> None:
    donor = world.actor("donor", tokens=70)
    world.send(given(donor, purse.vault, 70), signers=[donor])
    verdict.send(purse.settling((provider, HELD + 70), extra=70, vault=purse.vault))
    purse.send(purse.withdrawing(0, provider))
    assert (world.tokens(provider), purse.held) == (HELD + 70, 0)
    world.check_conserved()


def test_refuses_an_extra_that_never_reached_the_vault(
    purse: Purse, provider: Actor, verdict: Caller
) -> None:
    verdict.fails("ExceedsVault", purse.settling((provider, HELD + 1), extra=1, vault=purse.vault))
    verdict.fails("ExceedsLocked", purse.settling((provider, HELD + 2), extra=1, vault=purse.vault))


def test_an_extra_needs_this_escrow_s_vault(purse: Purse, provider: Actor, verdict: Caller) -> None:
    verdict.fails("WrongVault", purse.settling((provider, 1), extra=1))
    verdict.fails("WrongVault", purse.settling((provider, 1), extra=1, vault=provider.tokens))
