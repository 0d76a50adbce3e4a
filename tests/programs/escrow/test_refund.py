from keeper.lab.market import tasks
from neurolov_client import escrow
from neurolov_client.bindings.escrow import EscrowState
from tests.programs.escrow.purse import DEPOSIT, HELD, Purse
from tests.programs.forging import Caller
from tests.world import NLOV, Actor, World, unsigned, with_account


def test_ends_with_the_crank_tip_alone(world: World, purse: Purse, provider: Actor) -> None:
    (event,) = purse.refund(provider, 300)
    stored = purse.stored()
    assert (stored.state, stored.credit_count, stored.credited) == (EscrowState.FINAL, 1, 300)
    assert (stored.credits[0].party, stored.credits[0].amount) == (provider.key, 300)
    assert isinstance(event, escrow.Refunded)
    assert (event.job, event.tip) == (purse.job, 300)
    buyer = world.tokens(purse.buyer)
    purse.send(purse.reclaiming())
    assert world.tokens(purse.buyer) == buyer + HELD - 300
    purse.send(purse.withdrawing(0, provider))
    purse.send(purse.reclaiming())
    assert not world.exists(purse.account)
    world.check_conserved()


def test_owes_nothing_without_a_cranker(purse: Purse) -> None:
    (event,) = purse.refund(None, 300)
    assert isinstance(event, escrow.Refunded)
    assert (event.tip, purse.stored().credited) == (0, 0)


def test_refuses_a_tip_above_the_tips(purse: Purse, provider: Actor, registry: Caller) -> None:
    too_much = escrow.refund(tip_to=provider.key, tip=DEPOSIT.tips + 1, escrow=purse.account)
    registry.fails("TipExceedsTips", too_much)
    purse.refund(provider, DEPOSIT.tips)


def test_refuses_a_tip_that_is_no_longer_covered(
    purse: Purse, provider: Actor, registry: Caller
) -> None:
    purse.settle((provider, HELD), finalise=False)
    instruction = escrow.refund(tip_to=provider.key, tip=1, escrow=purse.account)
    registry.fails("ExceedsLocked", instruction)


def test_attack_15_refuses_after_the_end(purse: Purse, registry: Caller) -> None:
    purse.settle()
    instruction = escrow.refund(tip_to=None, tip=0, escrow=purse.account)
    registry.fails("AlreadyFinal", instruction)


def test_attack_15_settling_after_a_refund(purse: Purse, provider: Actor, verdict: Caller) -> None:
    purse.refund()
    verdict.fails("AlreadyFinal", purse.settling((provider, 1)))


def test_refuses_every_other_caller(
    world: World, purse: Purse, provider: Actor, verdict: Caller, registry: Caller
) -> None:
    instruction = escrow.refund(tip_to=provider.key, tip=1, escrow=purse.account)
    verdict.fails("WrongCaller", with_account(instruction, registry.key, verdict.key))
    by_wallet = with_account(instruction, registry.key, provider.key)
    world.fails("WrongCaller", by_wallet, signers=[provider])


def test_a_task_is_not_the_registrys_to_refund(world: World, registry: Caller) -> None:
    task = tasks.post(world, world.actor("another buyer", tokens=100 * NLOV))
    instruction = escrow.refund(tip_to=None, tip=0, escrow=task.escrow)
    registry.fails("WrongCaller", instruction)
    redundancy = Caller(world, "redundancy")
    redundancy.fails("WrongCaller", with_account(instruction, registry.key, redundancy.key))


def test_attack_01_the_program_must_sign(world: World, purse: Purse, registry: Caller) -> None:
    instruction = escrow.refund(tip_to=None, tip=0, escrow=purse.account)
    world.fails("AccountNotSigner", unsigned(instruction, registry.key))
