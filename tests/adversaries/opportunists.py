"""Parties that change weights or terms once they have seen the dice."""

from random import Random

from solders.instruction import Instruction

from keeper.lab.market.jobs import claiming
from keeper.lab.market.stakers import pool
from keeper.node.decisions.claim_order import lot
from neurolov_client import staking
from neurolov_client.bindings.job_registry import JobState
from tests.adversaries.life import Life
from tests.adversaries.outsiders import Griefer
from tests.adversaries.party import Party
from tests.adversaries.run import Run
from tests.world import Actor


class KeyChooser(Party):
    """Stakes all it has on the luckiest of its registered keys, and claims before its turn."""

    def __init__(self, keys: list[Actor], random: Random) -> None:
        super().__init__(keys[0], random)
        self._keys = keys
        self._tried: set[int] = set()

    def act(self, run: Run, life: Life) -> None:
        if life.ended is not None or life.job.id in self._tried:
            return
        job = run.job(life)
        if job.state != JobState.POSTED:
            return
        found = [
            bytes(each) for slot, each in run.world.bank.slot_hashes() if slot == job.posted_slot
        ]
        turns = run.world.parameters.job_registry.claim_max_delay_slots
        if not found or run.world.slot > job.posted_slot + turns:
            return
        self._tried.add(life.job.id)
        address = life.job.address
        lucky = max(self._keys, key=lambda each: lot(found[0], address, each.key))
        self.signer = lucky
        self.send(
            run,
            "claim on the luckiest key",
            staking.stake(amount=run.world.tokens(lucky), owner=lucky.key, source=lucky.tokens),
            claiming(run.world, lucky, life.job),
        )


class Squatter(Griefer):
    """Takes seats without the collateral for them, or leaves them silent."""

    def grieve(self, run: Run, life: Life) -> None:
        schemes = self.schemes(run)
        what = self.random.choice(sorted(schemes))
        self.send(run, what, *schemes[what])

    def schemes(self, run: Run) -> dict[str, list[Instruction]]:
        """Returns all that it may try now, by name."""
        least = run.world.parameters.staking.min_verifier_stake
        owner, seats = self.actor, run.town.seats
        free, (taken, holder) = len(seats), self.random.choice(sorted(seats.items()))
        staking_it = staking.stake(amount=least, owner=owner.key, source=owner.tokens)
        position = run.world.find(staking.Position, staking.position_address(owner.key))
        opening = [] if position else [staking.open_position(owner=owner.key)]
        ticket = position.tickets if position else 0
        leaving = staking.request_unstake(
            amount=1, owner=owner.key, ticket=staking.ticket_address(owner.key, ticket)
        )
        return {
            "squat and unstake": [
                *opening,
                staking_it,
                staking.take_seat(
                    index=free,
                    collateral=least + (position.amount if position else 0),
                    owner=owner.key,
                ),
                leaving,
            ],
            "squat on too little": [
                *opening,
                staking_it,
                staking.take_seat(index=free, collateral=least - 1, owner=owner.key),
            ],
            "squat on a seat that is held": [
                *opening,
                staking_it,
                staking.take_seat(index=taken, collateral=least, owner=owner.key),
            ],
            "evict": [
                staking.evict_seat(
                    position=staking.position_address(holder.key),
                    seat=staking.seat_address(taken),
                )
            ],
            "displace": [
                *opening,
                staking_it,
                staking.displace_seat(
                    collateral=least,
                    owner=owner.key,
                    seat=staking.seat_address(taken),
                    displaced=staking.position_address(holder.key),
                    displaced_owner=holder.key,
                ),
            ],
            "squat in silence": [
                *opening,
                staking_it,
                staking.take_seat(index=free, collateral=least, owner=owner.key),
            ],
            "snapshot": [
                staking.take_snapshot(snapshot=staking.snapshot_address(run.world.window % 2))
            ],
        }


class Governor(Party):
    """Holds the authority's key: applies harsher terms while jobs run, and queues more of them."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self._hasty = random.random() < 0.5

    def act(self, run: Run, life: Life) -> None:
        present = pool(run.world).terms
        terms = staking.terms_address(present + 1)
        queued = run.world.find(staking.Terms, terms)
        if queued is None:
            return
        applying = staking.apply_terms(present=staking.terms_address(present), terms=terms)
        if run.world.slot >= queued.applies_slot:
            self.send(run, "apply terms", applying)
        else:
            run.wake(queued.applies_slot)
            if self._hasty:
                self._hasty = False
                self.send(run, "apply terms early", applying)
