"""Which steps may follow which: the rules that hypothesis chooses from."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from solders.pubkey import Pubkey

from tests.invariants.audit import ended_states
from tests.invariants.closing import Closing
from tests.invariants.ledger import JobLedger
from tests.invariants.market import CLAIMED, ENDED, POSTED
from tests.world import NLOV
from tests.world.judgement import Choice, Outcome, State

Item = TypeVar("Item")

PICKS: Final = st.integers(0, 2**16)
"""Number of whatever can be chosen from, modulo how many there are."""
AMOUNTS: Final = st.integers(1, 60 * NLOV)
WAITS: Final = st.sampled_from([1, 10, 40, 160, 320])
VOTES: Final = st.one_of(
    st.sampled_from(list(Choice)).map(lambda choice: [choice] * 15),
    st.lists(st.sampled_from([None, *Choice]), min_size=15, max_size=15),
)
WITHHELD: Final = st.one_of(
    st.just(frozenset[int]()), st.frozensets(st.integers(0, 14), max_size=3)
)
JOBS: Final = 6


def chosen(items: Sequence[Item], pick: int) -> Item:
    """One of the items, which must not be none."""
    return items[pick % len(items)]


class EconomyMachine(RuleBasedStateMachine):
    """Any order of steps by anybody; the audit after each, and the end of everything at last."""

    def __init__(self) -> None:
        super().__init__()
        self.economy = Closing()
        self.ended: dict[Pubkey, int] = {}

    def jobs(self, keep: Callable[[JobLedger], bool]) -> list[JobLedger]:
        """Jobs that a rule applies to, oldest first."""
        return [ledger for ledger in self.economy.ledgers if keep(ledger)]

    def open(self) -> list[JobLedger]:
        """Jobs whose account exists."""
        return self.jobs(lambda ledger: not ledger.closed)

    def in_state(self, *states: int) -> list[JobLedger]:
        """Jobs in one of these states."""
        return [each for each in self.open() if self.economy.job(each).state in states]

    def judged(self, *states: int) -> list[JobLedger]:
        """Jobs whose verdict is in one of these states."""
        found = self.economy.view.verdicts
        return self.jobs(
            lambda ledger: ledger.job.address in found
            and found[ledger.job.address].state in states
        )

    def unpaid(self) -> list[JobLedger]:
        """Jobs whose escrow exists."""
        return self.jobs(lambda ledger: not ledger.escrow_closed)

    @invariant()
    def books_balance(self) -> None:
        self.economy.audit()

    @invariant()
    def no_ended_job_comes_back(self) -> None:
        states = ended_states(self.economy.view)
        for address in self.ended.keys() & self.economy.view.jobs.keys():
            assert states.get(address) == self.ended[address]
        self.ended |= states

    def teardown(self) -> None:
        self.economy.close()


class StakeRules(EconomyMachine):
    """Stakers, their rewards, seats and gifts."""

    @rule(pick=PICKS, amount=AMOUNTS)
    def stake(self, pick: int, amount: int) -> None:
        self.economy.stake(chosen(self.economy.stakers, pick), amount)

    @rule(pick=PICKS, amount=AMOUNTS)
    def request_unstake(self, pick: int, amount: int) -> None:
        owners = list(self.economy.view.positions)
        self.economy.request_unstake(self.economy.by_key[chosen(owners, pick)], amount)

    @rule(pick=PICKS, excess=st.integers(0, 1))
    def request_all_free_stake(self, pick: int, excess: int) -> None:
        owner = chosen(list(self.economy.view.positions), pick)
        amount = self.economy.view.free(owner) + excess
        if amount:
            self.economy.request_unstake(self.economy.by_key[owner], amount)

    @precondition(lambda self: self.economy.view.tickets)
    @rule(pick=PICKS)
    def withdraw_stake(self, pick: int) -> None:
        self.economy.withdraw_stake(chosen(list(self.economy.view.tickets.values()), pick))

    @rule(pick=PICKS)
    def claim_rewards(self, pick: int) -> None:
        owner = chosen(list(self.economy.view.positions), pick)
        self.economy.claim_rewards(self.economy.by_key[owner])

    @rule(amount=st.integers(1, 10 * NLOV), emission=st.booleans())
    def fund(self, amount: int, emission: bool) -> None:
        if emission:
            self.economy.fund_emission(amount)
        else:
            self.economy.fund_rewards(amount)

    @rule()
    def emit_rewards(self) -> None:
        self.economy.emit_rewards()

    @rule()
    def take_snapshot(self) -> None:
        self.economy.take_snapshot()

    @rule(pick=PICKS, index=st.integers(0, 8))
    def take_seat(self, pick: int, index: int) -> None:
        owner = chosen(list(self.economy.view.positions), pick)
        self.economy.take_seat(self.economy.by_key[owner], index)

    @precondition(lambda self: self.economy.view.seats)
    @rule(pick=PICKS, close=st.booleans())
    def leave_seat(self, pick: int, close: bool) -> None:
        seat = chosen(list(self.economy.view.seats.values()), pick)
        if close:
            self.economy.close_seat(seat)
        else:
            self.economy.vacate_seat(seat)

    @rule(pick=PICKS, amount=st.integers(1, NLOV))
    def donate(self, pick: int, amount: int) -> None:
        self.economy.donate(chosen(self.economy.vaults(), pick), amount)

    @rule(slots=WAITS)
    def wait(self, slots: int) -> None:
        self.economy.world.warp(slots)


class MarketRules(EconomyMachine):
    """Buyers and providers."""

    @initialize(pick=PICKS)
    def begin(self, pick: int) -> None:
        self.economy.post(chosen(self.economy.buyers, pick), price=3 * NLOV)

    @precondition(lambda self: len(self.economy.ledgers) < JOBS)
    @rule(
        pick=PICKS,
        price=st.one_of(st.just(NLOV // 2), st.integers(2 * NLOV, 4 * NLOV)),
        verification_fee=st.integers(0, NLOV // 10),
        tip=st.integers(0, NLOV // 100),
        half_urgency=st.integers(0, NLOV // 10),
        verifiers=st.sampled_from([1, 3, 5]),
    )
    def post(
        self,
        pick: int,
        price: int,
        verification_fee: int,
        tip: int,
        half_urgency: int,
        verifiers: int,
    ) -> None:
        self.economy.post(
            chosen(self.economy.buyers, pick),
            paid_urgency=2 * half_urgency,
            price=price,
            verification_fee=verification_fee,
            tip=tip,
            verifiers=verifiers,
        )

    @rule(pick=PICKS, donation=st.integers(1, NLOV))
    def lock_and_take_back(self, pick: int, donation: int) -> None:
        self.economy.lock_and_take_back(chosen(self.economy.buyers, pick), donation)

    @precondition(lambda self: self.unpaid())
    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        self.economy.cancel(chosen(self.unpaid(), pick))

    @precondition(lambda self: self.in_state(POSTED))
    @rule(pick=PICKS, provider=PICKS)
    def claim(self, pick: int, provider: int) -> None:
        ledger = chosen(self.in_state(POSTED), pick)
        self.economy.claim(chosen(self.economy.providers, provider), ledger)

    @precondition(lambda self: self.in_state(CLAIMED))
    @rule(pick=PICKS, provider=PICKS)
    def claim_what_is_taken(self, pick: int, provider: int) -> None:
        ledger = chosen(self.in_state(CLAIMED), pick)
        self.economy.claim(chosen(self.economy.providers, provider), ledger)

    @rule(provider=PICKS, draining=st.booleans())
    def drain(self, provider: int, draining: bool) -> None:
        self.economy.drain(chosen(self.economy.providers, provider), draining)

    @precondition(lambda self: self.in_state(CLAIMED))
    @rule(pick=PICKS, last=st.integers(1, 4), restart=st.booleans())
    def commit(self, pick: int, last: int, restart: bool) -> None:
        self.economy.commit(chosen(self.in_state(CLAIMED), pick), last, restart=restart)

    @precondition(lambda self: self.in_state(CLAIMED))
    @rule(pick=PICKS)
    def commit_all(self, pick: int) -> None:
        self.economy.commit(chosen(self.in_state(CLAIMED), pick), 4)

    @precondition(lambda self: self.in_state(CLAIMED))
    @rule(pick=PICKS)
    def expire_lease(self, pick: int) -> None:
        self.economy.expire_lease(chosen(self.in_state(CLAIMED), pick))

    @precondition(lambda self: self.unpaid())
    @rule(pick=PICKS, cranker=PICKS)
    def expire_job(self, pick: int, cranker: int) -> None:
        ledger = chosen(self.unpaid(), pick)
        self.economy.expire_job(ledger, chosen(self.economy.crankers, cranker))

    @precondition(lambda self: self.unpaid())
    @rule(pick=PICKS)
    def outlast(self, pick: int) -> None:
        self.economy.outlast(chosen(self.unpaid(), pick))


class JudgementRules(EconomyMachine):
    """Verifiers, and the crank of verdicts."""

    @precondition(lambda self: self.judged(State.COMMITTING))
    @rule(pick=PICKS, cranker=PICKS)
    def adopt_partial(self, pick: int, cranker: int) -> None:
        ledger = chosen(self.judged(State.COMMITTING), pick)
        self.economy.adopt_partial(ledger, chosen(self.economy.crankers, cranker))

    @precondition(lambda self: self.judged(State.COMMITTED))
    @rule(pick=PICKS, cranker=PICKS, salted=st.booleans(), wait=st.booleans())
    def draw(self, pick: int, cranker: int, salted: bool, wait: bool) -> None:
        self.economy.draw(
            chosen(self.judged(State.COMMITTED), pick),
            chosen(self.economy.crankers, cranker),
            salted=salted,
            wait=wait,
        )

    @precondition(lambda self: self.judged(State.BALLOTING))
    @rule(pick=PICKS, votes=VOTES, operator=st.integers(0, 3))
    def cast(self, pick: int, votes: list[Choice | None], operator: int) -> None:
        self.economy.cast(chosen(self.judged(State.BALLOTING), pick), votes, operator)

    @precondition(lambda self: self.judged(State.BALLOTING))
    @rule(pick=PICKS, withheld=WITHHELD)
    def reveal(self, pick: int, withheld: frozenset[int]) -> None:
        self.economy.reveal(chosen(self.judged(State.BALLOTING), pick), withheld)

    @precondition(lambda self: self.judged(State.BALLOTING))
    @rule(pick=PICKS, votes=VOTES, operator=st.integers(0, 3), withheld=WITHHELD)
    def vote(
        self, pick: int, votes: list[Choice | None], operator: int, withheld: frozenset[int]
    ) -> None:
        ledger = chosen(self.judged(State.BALLOTING), pick)
        self.economy.cast(ledger, votes, operator)
        self.economy.reveal(ledger, withheld)

    @precondition(lambda self: self.judged(State.BALLOTING))
    @rule(pick=PICKS, cranker=PICKS)
    def tally(self, pick: int, cranker: int) -> None:
        ledger = chosen(self.judged(State.BALLOTING), pick)
        self.economy.tally(ledger, chosen(self.economy.crankers, cranker))

    @precondition(lambda self: self.judged(State.DECIDED, State.SETTLED))
    @rule(pick=PICKS, cranker=PICKS, void=st.booleans())
    def end(self, pick: int, cranker: int, void: bool) -> None:
        party = chosen(self.economy.crankers, cranker)
        ledger = chosen(self.judged(State.DECIDED, State.SETTLED), pick)
        if ledger.escrow_closed:
            return
        if void:
            self.economy.void(ledger, party)
        else:
            self.economy.settle(ledger, party)


class PayoutRules(EconomyMachine):
    """Payment, release, and attacks."""

    @precondition(lambda self: self.jobs(lambda each: each.credits and not each.escrow_closed))
    @rule(pick=PICKS, index=PICKS)
    def withdraw_credit(self, pick: int, index: int) -> None:
        ledgers = self.jobs(lambda each: bool(each.credits) and not each.escrow_closed)
        ledger = chosen(ledgers, pick)
        self.economy.withdraw_credit(ledger, index % len(ledger.credits))

    @precondition(lambda self: self.unpaid())
    @rule(pick=PICKS)
    def collect_fee(self, pick: int) -> None:
        self.economy.collect_fee(chosen(self.unpaid(), pick))

    @rule(shard=st.integers(0, 15))
    def sweep(self, shard: int) -> None:
        self.economy.sweep(shard)

    @precondition(lambda self: self.unpaid())
    @rule(pick=PICKS)
    def reclaim(self, pick: int) -> None:
        self.economy.reclaim(chosen(self.unpaid(), pick))

    @precondition(lambda self: self.economy.view.exposures)
    @rule(pick=PICKS)
    def release_exposure(self, pick: int) -> None:
        self.economy.release_exposure(chosen(list(self.economy.view.exposures.values()), pick))

    def releasable(self) -> list[tuple[JobLedger, int]]:
        """Ballots that hold stake."""
        return [
            (ledger, number)
            for ledger in self.economy.ledgers
            for number, ballot in ledger.ballots.items()
            if not ballot.released
        ]

    @precondition(lambda self: self.releasable())
    @rule(pick=PICKS)
    def release_ballot(self, pick: int) -> None:
        self.economy.release_ballot(*chosen(self.releasable(), pick))

    @precondition(lambda self: self.judged(*State))
    @rule(pick=PICKS)
    def close_verdict(self, pick: int) -> None:
        self.economy.close_verdict(chosen(self.judged(*State), pick))

    @precondition(lambda self: self.open())
    @rule(pick=PICKS)
    def close_job(self, pick: int) -> None:
        self.economy.close_job(chosen(self.open(), pick))

    @precondition(lambda self: self.in_state(*ENDED))
    @rule(pick=PICKS)
    def pay_out(self, pick: int) -> None:
        self.economy.pay_out(chosen(self.in_state(*ENDED), pick))

    @rule(pick=PICKS, job=PICKS)
    def attack(self, pick: int, job: int) -> None:
        ledgers = self.economy.ledgers
        self.economy.attack(pick, chosen(ledgers, job) if ledgers else None)


class AnyOrder(StakeRules, MarketRules, JudgementRules, PayoutRules):
    """All rules together."""
