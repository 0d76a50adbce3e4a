"""Plans for sharing a graph between nodes, with the performance model's prediction for each."""

from keeper.training.plan.cluster import Cluster, Link, Node, PlanError
from keeper.training.plan.columns import ColumnPlan, plan_columns
from keeper.training.plan.examples import ExamplePlan, plan_examples
from keeper.training.plan.performance import Performance
from keeper.training.plan.pipeline import PipelinePlan, Stage, plan_pipeline

__all__ = [
    "Cluster",
    "ColumnPlan",
    "ExamplePlan",
    "Link",
    "Node",
    "Performance",
    "PipelinePlan",
    "PlanError",
    "Stage",
    "plan_columns",
    "plan_examples",
    "plan_pipeline",
]
