"""What a task cost its buyer in the end, and to whom it went."""

from solders.pubkey import Pubkey

from keeper.chain.feed import history
from keeper.chain.gateway import Gateway
from keeper.node.buying.bill import Bill, bill_of, open_escrow
from neurolov_client import escrow, events_from_logs, redundancy


async def task_bill(gateway: Gateway, task: Pubkey, buyer: Pubkey) -> Bill:
    """Returns the bill of a task by the chain's history; raises ChainError."""
    held = await open_escrow(gateway, task)
    landed = [each async for each in history(gateway, task, escrow.escrow_address(task))]
    events = [
        event
        for each in landed
        for event in events_from_logs(each.logs)
        if task in (getattr(event, "task", None), getattr(event, "job", None))
    ]
    joined = [event.provider for event in events if isinstance(event, redundancy.TaskJoined)]
    names = {provider: f"provider {number}" for number, provider in enumerate(joined, 1)}
    cranks: dict[Pubkey, str] = {}

    def name(key: Pubkey) -> str:
        return names.get(key) or cranks.setdefault(key, f"crank {len(cranks) + 1}")

    return bill_of(buyer, landed, events, held, name)
