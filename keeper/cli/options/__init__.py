"""Options that several commands share, and every setting that a profile may give a value."""

from keeper.cli.options.buying import (
    FEE,
    SPENDING_PER_DAY,
    SPENDING_PER_JOB,
    TIP,
    VERIFIERS,
    price_option,
    tip_option,
)
from keeper.cli.options.cluster import (
    KeyOptions,
    RoleOptions,
    cluster_options,
    collateral_option,
    key_command,
    keypair_option,
    owner_option,
    role_command,
)
from keeper.cli.options.device import ADAPTER, MEMORY, DeviceOptions, device_options
from keeper.cli.options.providing import (
    TASK_PRICE,
    TASK_SECONDS,
    TASK_SHARE,
    TASKS,
    offer_options,
)
from keeper.cli.options.serving import PUBLIC_URL, serving_options
from keeper.cli.options.types import FILE, Address, NlovAmount
from keeper.cli.output import answer, json_option, tell
from keeper.cli.running import metrics_served, run_async

__all__ = [
    "ADAPTER",
    "FEE",
    "FILE",
    "MEMORY",
    "PUBLIC_URL",
    "SPENDING_PER_DAY",
    "SPENDING_PER_JOB",
    "TASKS",
    "TASK_PRICE",
    "TASK_SECONDS",
    "TASK_SHARE",
    "TIP",
    "VERIFIERS",
    "Address",
    "DeviceOptions",
    "KeyOptions",
    "NlovAmount",
    "RoleOptions",
    "answer",
    "cluster_options",
    "collateral_option",
    "device_options",
    "json_option",
    "key_command",
    "keypair_option",
    "metrics_served",
    "offer_options",
    "owner_option",
    "price_option",
    "role_command",
    "run_async",
    "serving_options",
    "tell",
    "tip_option",
]
