"""The promises of the protocol, checked when a run is over."""

from collections import Counter

from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool
from neurolov_client import escrow, staking, verdict
from neurolov_client.bindings.job_registry import BPS, JobState
from neurolov_client.bindings.verdict import QUESTIONS, Choice, Outcome
from tests.adversaries.casting import Cast
from tests.adversaries.life import ENDED, Life
from tests.adversaries.outsiders import PROVEN
from tests.adversaries.run import Run

_PAYING = {Outcome.ACCEPTED, Outcome.UNVERIFIED, Outcome.UNSAMPLED, Outcome.UNPROVEN}
_BORNE_OUT = {
    Outcome.ACCEPTED: {Choice.ACCEPT},
    Outcome.UNPROVEN: {Choice.ACCEPT},
    Outcome.FRAUD: {Choice.REJECT},
    Outcome.TRAP: {Choice.REJECT},
    Outcome.UNAVAILABLE: {Choice.UNAVAILABLE},
    Outcome.WITHHELD: {Choice.UNAVAILABLE},
    Outcome.UNVERIFIED: set(Choice),
}


class Dues:
    """The amount that the rules owe each party of an ended job, in base units."""

    def __init__(self, run: Run, life: Life) -> None:
        self.pay = Counter[Pubkey]()
        self.fees = Counter[Pubkey]()
        self.tips = Counter(life.refund_tips)
        self.bounty = Counter[Pubkey]()
        self.reward = Counter[Pubkey]()
        self.protocol_fee = 0
        found = life.judged
        if found is None:
            return
        outcome = life.outcome
        if outcome in _PAYING:
            self._pay(found, run.world.parameters.escrow.fee_bps)
        for ballot in found.ballots[: found.ballot_count]:
            if ballot.choice and Choice(ballot.choice) in _BORNE_OUT.get(outcome, set()):
                self.fees[ballot.verifier] += found.verification_fee
        for cranker in found.crankers[: found.cranker_count]:
            self.tips[cranker.party] += found.tip * cranker.steps
        self.bounty[found.fraud.challenger] += found.fraud.bounty
        if outcome is Outcome.TRAP:
            price = found.stages[found.fraud.stage].price
            self.reward[found.fraud.challenger] += min(found.verification_fee, price)

    def _pay(self, found: verdict.Verdict, fee_bps: int) -> None:
        for stage in found.stages[: found.stage_count]:
            gross = stage.price * stage.macs // found.macs
            fee = -(-gross * fee_bps // BPS)
            self.pay[stage.provider] += gross - fee
            self.protocol_fee += fee

    def of(self, key: Pubkey) -> int:
        """Returns all that a party is owed."""
        each = (self.pay, self.fees, self.tips, self.bounty, self.reward)
        return sum(owed[key] for owed in each)

    @property
    def paid_by_buyer(self) -> int:
        """Returns what the buyer's payment covers; the bounty is paid from slashed stake."""
        owed = (self.pay, self.fees, self.tips, self.reward)
        return sum(sum(each.values()) for each in owed) + self.protocol_fee


class Promises:
    """Asserts the promises one by one."""

    def __init__(self, run: Run, cast: Cast) -> None:
        self.run = run
        self.cast = cast
        self.honest = cast.honest()
        self.dues = [Dues(run, life) for life in run.lives]
        self.gain = {
            actor.key: run.town.wealth(actor) - run.wealth_before[actor.key]
            for actor in run.town.everybody
        }

    def check(self) -> None:
        """Asserts all promises."""
        self.every_job_ended()
        self.tokens_are_conserved()
        self.honest_parties_keep_their_stake()
        self.everybody_has_what_the_rules_give()
        self.honest_results_are_paid()
        self.lies_are_convicted()
        self.cheating_gains_nothing()
        self.stolen_keys_lose_their_budget()
        self.nothing_counts_that_came_after_the_dice()

    def every_job_ended(self) -> None:
        """Every job is in an end state, everything is closed and no stake is exposed."""
        world = self.run.world
        for life in self.run.lives:
            assert life.ended in ENDED
            assert life.closed
            for address in (life.job.address, life.job.escrow, life.job.vault):
                assert not world.exists(address)
            assert not world.exists(verdict.verdict_address(life.job.address))
        assert not world.all(staking.Exposure)
        assert all(not each.exposed for each in world.all(staking.Position).values())
        assert not world.all(verdict.Buffer), "a buffer is left"

    def tokens_are_conserved(self) -> None:
        """No tokens exist that were not minted, and every burn has a reason."""
        run, world = self.run, self.run.world
        world.check_conserved()
        burned = sum(life.burned for life in run.lives) + run.burned_stake
        assert world.burned() - run.burned_before == burned
        staked = sum(each.amount for each in world.all(staking.Position).values())
        assert staked == pool(world).total_staked
        assert staked == world.tokens(staking.stake_vault_address())
        fees = sum(world.tokens(escrow.fees_address(shard)) for shard in range(16))
        before = sum(run.balances_before.get(escrow.fees_address(shard), 0) for shard in range(16))
        assert sum(self.gain.values()) + (fees - before) + burned == 0

    def honest_parties_keep_their_stake(self) -> None:
        """Honest parties keep their stake to the last base unit.

        Only an owner that never uses its seat pays for its silence.
        """
        run = self.run
        for key in self.honest:
            lost = run.stake_before[key] - run.town.stake(key)
            assert not run.fined[key] or key == run.town.silent.key
            assert lost == run.fined[key], f"honest {run.names[key]} lost {lost} of its stake"
            assert not run.slashed[key]

    def everybody_has_what_the_rules_give(self) -> None:
        """In double entry, each key gained what it was owed less what was taken from it."""
        run = self.run
        gain = Counter[Pubkey]()
        for life, dues in zip(run.lives, self.dues, strict=True):
            for actor in run.town.everybody:
                gain[actor.key] += dues.of(actor.key)
            buyer = life.job.buyer.key
            gain[buyer] -= life.burned + dues.paid_by_buyer
            gain[buyer] += self._compensation(life) - sum(dues.bounty.values())
        for (owner, _), bond in run.forfeited.items():
            gain[owner] -= bond
        for owner, amount in (run.slashed + run.fined).items():
            gain[owner] -= amount
        for key, gained in self.gain.items():
            assert gained == gain[key], f"{run.names[key]} gained {gained}, not {gain[key]}"

    def _compensation(self, life: Life) -> int:
        """Returns the stake that went to the job's vault."""
        bonds = sum(
            bond for (_, vault), bond in self.run.forfeited.items() if vault == life.job.vault
        )
        return bonds + self._damages(life)

    def _damages(self, life: Life) -> int:
        """Returns the slashed stake that a proof brought to the job's vault."""
        return life.judged.fraud.paid if life.judged and life.outcome in PROVEN else 0

    def honest_results_are_paid(self) -> None:
        """A result without a lie is never convicted, and its provider earns its share of the lease.

        Only a majority that misses the data, and misses it again after it was shown, denies the
        pay.
        """
        for life, dues in zip(self.run.lives, self.dues, strict=True):
            found = life.judged
            assert life.outcome not in PROVEN or life.lies
            if life.outcome is Outcome.WITHHELD:
                assert found is not None
                assert found.stages[found.fraud.stage].provider not in self.honest
            if found is None or life.lies:
                continue
            workers = {work.provider for work in life.works}
            if workers <= self.honest and life.outcome not in _PAYING:
                assert life.outcome is Outcome.UNAVAILABLE
                drawn = found.ballots[: found.ballot_count]
                missing = [b for b in drawn if b.choice == Choice.UNAVAILABLE]
                assert 2 * len(missing) > len(drawn)
                assert found.availability.answered == (1 << QUESTIONS) - 1
            elif life.outcome in _PAYING:
                for worker in workers & self.honest:
                    assert dues.pay[worker] > 0
                    assert self.gain[worker] + self.run.fined[worker] >= dues.pay[worker]

    def lies_are_convicted(self) -> None:
        """If an honest party checks a lie in served data, the lie's provider is slashed."""
        for life in self.run.lives:
            if self.cast.watched and life.provable and life.judged is not None:
                assert life.outcome in PROVEN
            if life.outcome is Outcome.TRAP:
                assert life.job.buyer.key not in self.honest
            if life.outcome is Outcome.FRAUD:
                assert life.judged is not None
                assert life.ended == JobState.VOIDED
                convicted = life.judged.stages[life.judged.fraud.stage].provider
                assert convicted not in self.honest
                assert self.run.slashed[convicted] > 0

    def cheating_gains_nothing(self) -> None:
        """No band earns more than honest work would have earned, whatever it does to others."""
        for band in self._bands():
            if not band & self.honest:
                allowed = sum(
                    self._honest_income(band, life, dues)
                    for life, dues in zip(self.run.lives, self.dues, strict=True)
                )
                gained = sum(self.gain[key] for key in band)
                names = sorted(self.run.names[key] for key in band)
                assert gained <= allowed, f"{names} gained {gained}, honest work {allowed}"

    def stolen_keys_lose_their_budget(self) -> None:
        """An operator loses no more than its budget, which falls with every loss."""
        run = self.run
        for owner, (operator, budget) in self.cast.budgets.items():
            lost = run.stake_before[owner] - run.town.stake(owner)
            assert 0 <= lost - run.fined[owner] <= budget
            position = run.world.fetch(staking.Position, staking.position_address(owner))
            assert position.operator == operator.key
            assert position.operator_budget == budget - lost + run.fined[owner]
            assert position.operator_exposed == 0

    def nothing_counts_that_came_after_the_dice(self) -> None:
        """No key won a turn by stake that it got after the posting, no seat was had for nothing."""
        reached = self.run.reached
        for what in (
            "claim on the luckiest key",
            "squat and unstake",
            "squat on too little",
            "squat on a seat that is held",
            "evict",
            "displace",
            "apply terms early",
        ):
            assert not reached[what], what

    def _bands(self) -> list[frozenset[Pubkey]]:
        """Returns the bands that work together, and every other party by itself."""
        joined = frozenset[Pubkey]().union(*self.cast.bands)
        return [*self.cast.bands, *(frozenset({key}) for key in self.gain.keys() - joined)]

    def _honest_income(self, band: frozenset[Pubkey], life: Life, dues: Dues) -> int:
        """Returns what the band could have earned here by following the protocol."""
        found, run = life.judged, self.run
        income = sum(dues.tips[key] + dues.reward[key] for key in band)
        if found is not None:
            income += sum(dues.pay[key] for key in band)
            seats = {seat for seat, actor in run.town.seats.items() if actor.key in band}
            drawn = [b for b in found.ballots[: found.ballot_count] if b.seat in seats]
            income += found.verification_fee * len(drawn)
            convicted = found.stages[found.fraud.stage].provider
            if convicted not in band:
                income += sum(dues.bounty[key] for key in band)
        if life.job.buyer.key in band:
            strangers = sum(
                bond
                for (owner, vault), bond in run.forfeited.items()
                if vault == life.job.vault and owner not in band
            )
            income += strangers
            if found is not None and found.stages[found.fraud.stage].provider not in band:
                income += self._damages(life)
        return income
