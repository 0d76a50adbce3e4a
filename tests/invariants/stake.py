"""Steps of stakers, and of the funders of their rewards."""

from collections.abc import Sequence

from solders.pubkey import Pubkey

from neurolov_client import find_address, staking
from neurolov_client.bindings.staking import HELD, NO_SEAT, VACATED_EPOCHS
from tests.invariants.economy import EVEN, ODD, Economy
from tests.invariants.view import seat_weights
from tests.world import Actor


def wide(limbs: Sequence[int]) -> int:
    """Returns the number in two u64 limbs, low limb first."""
    low, high = limbs
    return low | high << 64


class StakeSteps(Economy):
    """Each step predicts from the view whether it is allowed, and books what it moves."""

    def stake(self, owner: Actor, amount: int) -> None:
        refusal = None if amount <= self.world.tokens(owner) else "InsufficientFunds"
        known = self.view.positions.get(owner.key)
        opening = [] if known else [staking.open_position(owner=owner.key)]
        self.attempt(
            refusal,
            *opening,
            staking.stake(
                amount=amount,
                owner=owner.key,
                source=owner.tokens,
            ),
            signers=[owner],
        )
        if refusal is None:
            self.book.move(owner.tokens, staking.stake_vault_address(), amount)

    def request_unstake(self, owner: Actor, amount: int) -> None:
        excessive = amount > self.view.free(owner.key)
        self.attempt(
            "InsufficientFreeStake" if excessive else None,
            staking.request_unstake(
                amount=amount,
                owner=owner.key,
                ticket=self._ticket(owner.key, self.view.positions[owner.key].tickets),
            ),
            signers=[owner],
        )

    def withdraw_stake(self, ticket: staking.Ticket) -> None:
        """Cashes a ticket, and tries to cash it again."""
        owner = self.by_key[ticket.owner]
        early = self.world.slot < ticket.available_slot
        cash = staking.withdraw(
            owner=owner.key,
            destination=owner.tokens,
            ticket=self._ticket(owner.key, ticket.id),
        )
        self.attempt("StillUnbonding" if early else None, cash, signers=[owner])
        if not early:
            self.book.move(staking.stake_vault_address(), owner.tokens, ticket.amount)
            self.attempt("AccountNotInitialized", cash, signers=[owner])

    def claim_rewards(self, owner: Actor) -> None:
        owed = self.rewards_owed(owner.key)
        self.attempt(
            None if owed else "NothingToClaim",
            staking.claim_rewards(owner=owner.key, destination=owner.tokens),
            signers=[owner],
        )
        self.book.move(staking.reward_vault_address(), owner.tokens, owed)
        self.rewarded += owed

    def rewards_owed(self, owner: Pubkey) -> int:
        """Returns base units: settled rewards plus the Q64 index's growth since, rounded down."""
        pool, position = self.view.pool, self.view.positions[owner]
        index = wide(pool.reward_index)
        if pool.total_staked:
            streamed = max(0, min(self.world.slot, pool.period_end) - pool.last_update)
            index += wide(pool.reward_rate) * streamed // pool.total_staked
        growth = index - wide(position.reward_index)
        return position.rewards_owed + (growth * position.amount >> 64)

    def fund_rewards(self, amount: int) -> None:
        self.attempt(
            None,
            staking.fund_rewards(amount=amount, funder=self.funder.key, source=self.funder.tokens),
            signers=[self.funder],
        )
        self.book.move(self.funder.tokens, staking.reward_vault_address(), amount)
        self.funded += amount

    def fund_emission(self, amount: int) -> None:
        self.attempt(
            None,
            staking.fund_emission(amount=amount, funder=self.funder.key, source=self.funder.tokens),
            signers=[self.funder],
        )
        self.book.move(self.funder.tokens, staking.emission_vault_address(), amount)

    def emit_rewards(self) -> None:
        """Emits rewards before the first halving, so at one rate."""
        pool, vault = self.view.pool, staking.emission_vault_address()
        assert self.world.slot <= pool.emission_start + pool.params.halving_slots
        due = pool.emission_owed + pool.params.emission_per_slot * (
            self.world.slot - pool.emission_last
        )
        amount = min(due, self.book.balances[vault])
        self.attempt(None if amount else "NothingToEmit", staking.emit_rewards())
        if amount:
            assert self.view.pool.emission_owed == due - amount
        self.book.move(vault, staking.reward_vault_address(), amount)
        self.funded += amount

    def take_snapshot(self) -> None:
        epoch = self.world.window
        taken = self.view.snapshots[epoch % 2].epoch == epoch
        self.attempt(
            "SnapshotTaken" if taken else None,
            staking.take_snapshot(snapshot=staking.snapshot_address(epoch % 2)),
        )

    def take_seat(self, owner: Actor, index: int, collateral: int) -> None:
        """Binds collateral to a seat: no seat is held without any."""
        position = self.view.positions[owner.key]
        minimum = self.world.parameters.staking.min_verifier_stake
        refusal = None
        if index in self.view.seats:
            refusal = "AccountAlreadyInUse"
        elif position.seat != NO_SEAT:
            refusal = "AlreadySeated"
        elif collateral < minimum:
            refusal = "BelowVerifierMinimum"
        elif collateral > self.view.free(owner.key):
            refusal = "InsufficientFreeStake"
        taking = staking.take_seat(index=index, collateral=collateral, owner=owner.key)
        self.attempt(refusal, taking, signers=[owner])

    def add_collateral(self, owner: Actor, amount: int) -> None:
        position = self.view.positions[owner.key]
        refusal = None
        if not self.view.seated(owner.key):
            refusal = "NotSeated"
        elif amount > self.view.free(owner.key):
            refusal = "InsufficientFreeStake"
        adding = staking.add_collateral(amount=amount, owner=owner.key)
        self.attempt(refusal, adding, signers=[owner])
        if refusal is None:
            bound = self.view.positions[owner.key].collateral
            assert bound == position.collateral + amount

    def evict_seat(self, seat: staking.Seat) -> None:
        """Anybody vacates the seat of a holder whose collateral is used up."""
        position, minimum = self.view.positions[seat.owner], self.view.pool.params
        refusal = None
        if seat.vacated_epoch != HELD:
            refusal = "NotSeated"
        elif 2 * position.collateral >= minimum.min_verifier_stake:
            refusal = "SufficientlyCollateralised"
        self.attempt(
            refusal,
            staking.evict_seat(
                position=staking.position_address(seat.owner),
                seat=staking.seat_address(seat.index),
            ),
        )

    def vacate_seat(self, seat: staking.Seat) -> None:
        owner = self.by_key[seat.owner]
        self.attempt(
            "NotSeated" if seat.vacated_epoch != HELD else None,
            staking.vacate_seat(owner=owner.key, seat=staking.seat_address(seat.index)),
            signers=[owner],
        )

    def close_seat(self, seat: staking.Seat) -> None:
        owner = self.by_key[seat.owner]
        epoch = self.world.window
        drawable = epoch < seat.vacated_epoch + VACATED_EPOCHS or any(
            seat_weights(snapshot.sums)[seat.index] for snapshot in self.view.snapshots
        )
        refusal = "SeatStillDrawable" if drawable else None
        if not drawable and self.view.positions[owner.key].balloted:
            refusal = "BallotsOpen"
        self.attempt(
            refusal,
            staking.close_seat(
                owner=owner.key,
                seat=staking.seat_address(seat.index),
                even_snapshot=EVEN,
                odd_snapshot=ODD,
            ),
        )
        if refusal is None:
            assert self.view.positions[owner.key].collateral == 0

    def appoint(self, owner: Actor, operator: Actor, budget: int) -> None:
        """Names the key that may expose stake for the owner, or another one in its place."""
        naming = staking.set_operator(operator=operator.key, budget=budget, owner=owner.key)
        self.attempt(None, naming, signers=[owner])
        self.budgets[owner.key] = budget

    @staticmethod
    def _ticket(owner: Pubkey, number: int) -> Pubkey:
        return find_address((b"ticket", bytes(owner), number.to_bytes(8, "little")), staking.ID)
