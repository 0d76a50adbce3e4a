"""What an owner waits for before its provider or verifier can be gone."""

from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions.held import held_by_provider, held_by_verifier
from keeper.exact.decisions.verifier import HeldSeat, VerifierSnapshot
from keeper.exact.roles.ballots import BALLOTS
from keeper.exact.roles.mirror import View, job_mirror
from keeper.node.connection import Connection
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from neurolov_client.bindings.staking import VACATED_EPOCHS


async def jobs_of_provider(connection: Connection) -> tuple[Held, ...]:
    """Returns the jobs that the owner has to run, or that it still answers for."""
    view = (await job_mirror(connection)).view
    return held_by_provider(connection.owner, tuple(view.jobs.values()), Clock(view.slot))


@dataclass(frozen=True, slots=True)
class SeatStanding:
    """A verifier's seat as of `slot`, None once it is closed.

    A vacated one can be closed in slot `closable`, once no ballot holds any of its collateral.
    Amounts are base units. A draw of the last window before that gives `drawn_slots` more in which
    its ballots are cast and revealed.
    """

    slot: int
    seat: HeldSeat | None
    collateral: int
    balloted: int
    closable: int | None
    drawn_slots: int
    held: tuple[Held, ...]

    @property
    def may_close(self) -> bool:
        """Whether the seat can be closed now, as far as time and its ballots go."""
        return self.closable is not None and self.slot >= self.closable and not self.balloted


async def seat_standing(connection: Connection) -> SeatStanding:
    """Returns how far an owner's seat is on its way out; raises ChainError."""
    view = (await job_mirror(connection)).view
    party = view.parties[connection.owner]
    seat, rules = party.seat, view.terms.parameters.verdict
    vacated = None if seat is None else seat.vacated_epoch
    return SeatStanding(
        slot=view.slot,
        seat=seat,
        collateral=0 if party.position is None else party.position.collateral,
        balloted=0 if party.position is None else party.position.balloted,
        closable=None if vacated is None else (vacated + VACATED_EPOCHS) * view.checkpoint_slots,
        drawn_slots=rules.ballot_slots + rules.reveal_slots,
        held=held_by_verifier(_snapshot(connection, connection.owner, view), Clock(view.slot)),
    )


def _snapshot(connection: Connection, owner: Pubkey, view: View) -> VerifierSnapshot:
    party = view.parties[owner]
    return VerifierSnapshot(
        owner=owner,
        seat=party.seat,
        jobs=tuple(view.jobs.values()),
        stake=party.stake,
        by_operator=connection.by_operator,
        ready=connection.vault.secrets(BALLOTS).keys(),
    )
