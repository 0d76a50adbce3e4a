"""The profit of cheating: the protocol's draws and judgement, sampled many times from a seed."""

from keeper.lab.simulation.attacks import ATTACKS, Attack, Choice, Data
from keeper.lab.simulation.destination import check_destination
from keeper.lab.simulation.economics import Economics, SimulationInputError, sampling_probability
from keeper.lab.simulation.judgement import Drawn, Ending, judge
from keeper.lab.simulation.profit import Estimate, estimate, payoffs
from keeper.lab.simulation.safety import GRID, Grid, Point, Safety, check_bound, worst_case
from keeper.lab.simulation.seats import Seats
from keeper.lab.simulation.sweeps import Sweep, sweep_all, sweep_size
from keeper.lab.simulation.trials import Trials, simulate

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
    "estimate",
    "judge",
    "payoffs",
    "sampling_probability",
    "simulate",
    "sweep_all",
    "sweep_size",
    "worst_case",
]
