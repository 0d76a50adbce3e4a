"""What cheating pays: the protocol's draws and judgement, played many times with dice of a seed."""

from keeper.simulation.attacks import ATTACKS, Attack, Choice, Data
from keeper.simulation.economics import Economics, SimulationInputError, sampling_probability
from keeper.simulation.judgement import Drawn, Ending, judge
from keeper.simulation.picture import check_destination, draw_sweeps
from keeper.simulation.profit import Estimate, estimate, payoffs
from keeper.simulation.safety import GRID, Grid, Point, Safety, check_bound, worst_case
from keeper.simulation.seats import Seats
from keeper.simulation.sweeps import Sweep, sweep_all, sweep_size
from keeper.simulation.trials import Trials, simulate

__all__ = [
    "ATTACKS",
    "GRID",
    "Attack",
    "Choice",
    "Data",
    "Drawn",
    "Economics",
    "Ending",
    "Estimate",
    "Grid",
    "Point",
    "Safety",
    "Seats",
    "SimulationInputError",
    "Sweep",
    "Trials",
    "check_bound",
    "check_destination",
    "draw_sweeps",
    "estimate",
    "judge",
    "payoffs",
    "sampling_probability",
    "simulate",
    "sweep_all",
    "sweep_size",
    "worst_case",
]
