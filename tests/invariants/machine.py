"""The rules that hypothesis chooses from: which steps may follow which."""

from collections.abc import Callable, Sequence
from typing import Final, TypedDict, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from solders.pubkey import Pubkey

from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import MAX_BALLOTS, Choice, State
from tests.invariants.audit import ended_states
from tests.invariants.economy import COLLATERAL
from tests.invariants.governance import CHANGES
from tests.invariants.interference import Interference
from tests.invariants.ledger import JobLedger
from tests.invariants.progress import Conduct
from tests.invariants.tampering import trust
from tests.world import NLOV

Item = TypeVar("Item")

PICKS: Final = st.integers(0, 2**16)
"""A number that chooses one of several items, modulo how many there are."""
AMOUNTS: Final = st.integers(1, 60 * NLOV)
COLLATERALS: Final = st.sampled_from([COLLATERAL, COLLATERAL - 1, 120 * NLOV, 40 * NLOV])
BUDGETS: Final = st.sampled_from([0, 41 * NLOV, 120 * NLOV, 400 * NLOV])
WAITS: Final = st.sampled_from([1, 10, 40, 160, 320])
VOTES: Final = st.one_of(
    st.sampled_from(list(Choice)).map(lambda choice: (choice,) * MAX_BALLOTS),
    st.tuples(*[st.sampled_from([None, *Choice])] * MAX_BALLOTS),
)
RARELY: Final = st.integers(0, 4).map(lambda number: number == 4)
WITHHELD: Final = st.one_of(
    st.just(frozenset[int]()), st.frozensets(st.integers(0, MAX_BALLOTS - 1), max_size=3)
)
CONDUCT: Final = st.builds(
    Conduct,
    provider=PICKS,
    last=st.sampled_from([4, 1, 2, 3]),
    restart=RARELY,
    silent=RARELY,
    salted=st.booleans(),
    votes=VOTES,
    operator=st.integers(0, 3),
    withheld=WITHHELD,
    cranker=PICKS,
    answers=st.sampled_from([0, 8, 3]),
    challenges=RARELY,
)
LIFE: Final = st.one_of(
    st.lists(CONDUCT, min_size=1, max_size=8),
    st.tuples(CONDUCT, st.integers(1, 5)).map(lambda same: [same[0]] * same[1]),
)
GOVERNED: Final = st.sampled_from(
    [
        (program, name, value)
        for program, parameters in CHANGES.items()
        for name, values in parameters.items()
        for value in values
    ]
)
JOBS: Final = 6


class Offer(TypedDict):
    """A buyer's offer, in base units; half of the premium is burned."""

    price: int
    verification_fee: int
    tip: int
    paid_urgency: int
    verifiers: int
    lie: int | None


OFFERS: Final = st.fixed_dictionaries(
    {
        "price": st.one_of(st.integers(2 * NLOV, 4 * NLOV), st.just(NLOV // 2)),
        "verification_fee": st.integers(0, NLOV // 10),
        "tip": st.integers(0, NLOV // 100),
        "paid_urgency": st.integers(0, NLOV // 10).map(lambda half: 2 * half),
        "verifiers": st.sampled_from([3, 1, 5]),
        "lie": st.sampled_from([None, None, 0, 2]),
    }
)


def chosen(items: Sequence[Item], pick: int) -> Item:
    """Returns one of the items, of which there must be some."""
    return items[pick % len(items)]


class EconomyMachine(RuleBasedStateMachine):
    """Any order of steps by anyone, an audit after each, and finally the end of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.economy = Interference()
        trust(self.economy, self.economy.providers[-1])
        self.states: dict[Pubkey, int] = {}

    def jobs(self, keep: Callable[[JobLedger], bool]) -> list[JobLedger]:
        """Returns the jobs that a rule applies to, oldest first."""
        return [ledger for ledger in self.economy.ledgers if keep(ledger)]

    def underway(self) -> list[JobLedger]:
        """Returns the jobs that have not ended."""
        return self.jobs(lambda ledger: not ledger.final)

    def claimable(self) -> list[JobLedger]:
        """Returns the jobs that wait for a provider."""
        found = self.economy.view.jobs
        return self.jobs(
            lambda ledger: (
                ledger.job.address in found and found[ledger.job.address].state == JobState.POSTED
            )
        )

    def ended(self) -> list[JobLedger]:
        """Returns the jobs that have ended and whose account exists."""
        return self.jobs(lambda ledger: ledger.final and not ledger.closed)

    def judged(self) -> list[JobLedger]:
        """Returns the jobs under way that have a verdict."""
        found = self.economy.view.verdicts
        return self.jobs(lambda ledger: not ledger.final and ledger.job.address in found)

    def balloting(self) -> list[JobLedger]:
        """Returns the jobs whose verifiers vote."""
        found = self.economy.view.verdicts
        return self.jobs(
            lambda ledger: (
                ledger.job.address in found and found[ledger.job.address].state == State.BALLOTING
            )
        )

    @invariant()
    def books_balance(self) -> None:
        self.economy.audit()

    @invariant()
    def no_ended_job_comes_back(self) -> None:
        states = ended_states(self.economy.view)
        for address in self.states.keys() & self.economy.view.jobs.keys():
            assert states.get(address) == self.states[address]
        self.states |= states

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

    @rule(amount=st.integers(1, 10 * NLOV), source=st.sampled_from(["fund", "emit", "sweep"]))
    def reward(self, amount: int, source: str) -> None:
        if source == "fund":
            self.economy.fund_rewards(amount)
        elif source == "emit":
            self.economy.fund_emission(amount)
            self.economy.emit_rewards()
        else:
            self.economy.sweep(amount % 16)

    @rule(pick=PICKS, index=st.integers(0, 8), collateral=COLLATERALS)
    def take_seat(self, pick: int, index: int, collateral: int) -> None:
        owner = chosen(list(self.economy.view.positions), pick)
        self.economy.take_seat(self.economy.by_key[owner], index, collateral)
        self.economy.take_snapshot()

    @rule(pick=PICKS, index=st.integers(0, 8))
    def squat(self, pick: int, index: int) -> None:
        """A seat is taken and its stake asked back at once: what is bound stays."""
        owner = self.economy.by_key[chosen(list(self.economy.view.positions), pick)]
        self.economy.take_seat(owner, index, COLLATERAL)
        self.economy.take_snapshot()
        bound = self.economy.view.positions[owner.key].collateral
        if bound:
            self.economy.request_unstake(owner, self.economy.view.free(owner.key) + 1)

    @rule(pick=PICKS, amount=AMOUNTS)
    def add_collateral(self, pick: int, amount: int) -> None:
        owner = chosen(list(self.economy.view.positions), pick)
        self.economy.add_collateral(self.economy.by_key[owner], amount)

    @rule(pick=PICKS, operator=PICKS, budget=BUDGETS)
    def appoint(self, pick: int, operator: int, budget: int) -> None:
        owner = chosen(list(self.economy.view.positions), pick)
        named = chosen(self.economy.operators, operator)
        self.economy.appoint(self.economy.by_key[owner], named, budget)

    @precondition(lambda self: self.economy.view.seats)
    @rule(pick=PICKS, how=st.sampled_from(["vacate", "close", "evict"]))
    def leave_seat(self, pick: int, how: str) -> None:
        seat = chosen(list(self.economy.view.seats.values()), pick)
        if how == "close":
            self.economy.close_seat(seat)
        elif how == "evict":
            self.economy.evict_seat(seat)
        else:
            self.economy.vacate_seat(seat)

    @rule(pick=PICKS, amount=st.integers(1, NLOV))
    def donate(self, pick: int, amount: int) -> None:
        self.economy.donate(chosen(self.economy.vaults(), pick), amount)

    @rule(slots=WAITS)
    def wait(self, slots: int) -> None:
        self.economy.world.warp(slots)


class JobRules(EconomyMachine):
    """Jobs under way, and parties that interfere."""

    @initialize(lives=st.lists(st.tuples(PICKS, OFFERS, LIFE), min_size=2, max_size=3))
    def begin(self, lives: list[tuple[int, Offer, list[Conduct]]]) -> None:
        """Most examples begin with jobs at some point of their lives."""
        self.economy.fund_rewards(10 * NLOV)
        for buyer, offer, life in lives:
            ledger = self.economy.post(chosen(self.economy.buyers, buyer), **offer)
            self._live(ledger, life)

    @precondition(lambda self: len(self.economy.ledgers) < JOBS)
    @rule(buyer=PICKS, offer=OFFERS)
    def post(self, buyer: int, offer: Offer) -> None:
        self.economy.post(chosen(self.economy.buyers, buyer), **offer)

    @precondition(lambda self: self.underway())
    @rule(pick=PICKS, life=LIFE)
    def advance(self, pick: int, life: list[Conduct]) -> None:
        self._live(chosen(self.underway(), pick), life)

    @precondition(lambda self: self.underway())
    @rule(life=LIFE)
    def advance_newest(self, life: list[Conduct]) -> None:
        self._live(self.underway()[-1], life)

    @precondition(lambda self: self.underway())
    @rule(conduct=CONDUCT, steps=st.integers(1, 5))
    def advance_all(self, conduct: Conduct, steps: int) -> None:
        for ledger in self.underway():
            self._live(ledger, [conduct] * steps)

    def _live(self, ledger: JobLedger, life: list[Conduct]) -> None:
        for conduct in life:
            if not ledger.final:
                self.economy.advance(ledger, conduct)
                self.economy.audit()

    @precondition(lambda self: self.economy.ledgers)
    @rule(pick=PICKS, step=PICKS, party=PICKS, other=PICKS)
    def interfere(self, pick: int, step: int, party: int, other: int) -> None:
        actor = chosen(self.economy.crankers, party)
        self.economy.interfere(chosen(self.economy.ledgers, pick), step, actor, other)

    @precondition(lambda self: self.balloting())
    @rule(pick=PICKS, votes=VOTES, operator=st.integers(0, 3))
    def cast(self, pick: int, votes: tuple[Choice | None, ...], operator: int) -> None:
        self.economy.cast(chosen(self.balloting(), pick), votes, operator)

    @precondition(lambda self: self.claimable())
    @rule(pick=PICKS, provider=PICKS, named=PICKS, thief=RARELY, budget=BUDGETS)
    def claim_by_operator(
        self, pick: int, provider: int, named: int, thief: bool, budget: int
    ) -> None:
        """A key that may be stolen claims for its owner, as far as its budget goes."""
        owner = chosen(self.economy.providers, provider)
        operator = chosen(self.economy.operators, named)
        self.economy.appoint(owner, operator, budget)
        claimant = chosen(self.economy.operators, named + 1) if thief else operator
        self.economy.claim(owner, chosen(self.claimable(), pick), claimant)

    @precondition(lambda self: len(self.economy.ledgers) < JOBS - 2)
    @rule(buyer=PICKS, count=st.integers(2, 3), conduct=CONDUCT)
    def spam(self, buyer: int, count: int, conduct: Conduct) -> None:
        """Cheap jobs draw all verifiers at once, and bind what their collateral can bear."""
        for _ in range(count):
            ledger = self.economy.post(
                chosen(self.economy.buyers, buyer),
                price=2 * NLOV,
                verification_fee=0,
                tip=0,
                verifiers=5,
            )
            self._live(ledger, [conduct] * 4)

    @precondition(lambda self: self.judged())
    @rule(pick=PICKS, ballot=PICKS)
    def report(self, pick: int, ballot: int) -> None:
        ledger = chosen(self.judged(), pick)
        count = self.economy.verdict(ledger).ballot_count
        if count:
            self.economy.report_silent(ledger, ballot % count)

    @precondition(lambda self: self.balloting())
    @rule(pick=PICKS, withheld=WITHHELD)
    def reveal(self, pick: int, withheld: frozenset[int]) -> None:
        self.economy.reveal(chosen(self.balloting(), pick), withheld)

    @precondition(lambda self: self.judged())
    @rule(pick=PICKS)
    def challenge(self, pick: int) -> None:
        self.economy.challenge(chosen(self.judged(), pick))

    @precondition(lambda self: self.judged())
    @rule(pick=PICKS, count=st.integers(1, 8))
    def answer(self, pick: int, count: int) -> None:
        self.economy.answer(chosen(self.judged(), pick), count)

    @precondition(lambda self: self.ended())
    @rule(pick=PICKS)
    def pay_out(self, pick: int) -> None:
        self.economy.pay_out(chosen(self.ended(), pick))

    @precondition(lambda self: self.underway())
    @rule(pick=PICKS)
    def outlast(self, pick: int) -> None:
        self.economy.outlast(chosen(self.underway(), pick))

    @rule(pick=PICKS, donation=st.integers(1, NLOV))
    def lock_and_take_back(self, pick: int, donation: int) -> None:
        self.economy.lock_and_take_back(chosen(self.economy.buyers, pick), donation)

    @rule(provider=PICKS, change=st.sampled_from(["drain", "serve", "leave", "register"]))
    def change_provider(self, provider: int, change: str) -> None:
        owner = chosen(self.economy.providers, provider)
        if change == "leave":
            self.economy.leave(owner)
        elif change == "register":
            self.economy.register(owner)
        else:
            self.economy.drain(owner, change == "drain")

    @rule(change=GOVERNED)
    def queue_terms(self, change: tuple[str, str, int]) -> None:
        self.economy.queue_terms(*change)

    @precondition(lambda self: self.economy.queued)
    @rule(wait=st.booleans())
    def apply_terms(self, wait: bool) -> None:
        self.economy.apply_terms(wait=wait)

    @precondition(lambda self: self.economy.queued)
    @rule(cancels=RARELY)
    def cancel_terms(self, cancels: bool) -> None:
        if cancels:
            self.economy.cancel_terms()

    @precondition(lambda self: self.economy.market_is_due())
    @rule()
    def roll_market(self) -> None:
        self.economy.roll_market()

    @rule(pick=PICKS, job=PICKS)
    def attack(self, pick: int, job: int) -> None:
        ledgers = self.economy.ledgers
        attacks = self.economy.attacks(chosen(ledgers, job) if ledgers else None)
        self.economy.refused(chosen(attacks, pick))


class AnyOrder(StakeRules, JobRules):
    """All rules together."""
