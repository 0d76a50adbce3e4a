"""Methods about who makes blocks, and how many: one node makes all of them."""

from ..ledger import Json
from .errors import invalid_params
from .method import Method
from .node import Node
from .params import Params, as_config, as_pubkey

_MAX_SLOT_LEADERS = 5_000
_MAX_SAMPLES = 720
_SAMPLE_SECONDS = 60
_LOCKOUTS = 32


def _slot_leader(node: Node, params: Params) -> Json:
    params.config(0).commitment()
    return str(node.identity.pubkey())


def _slot_leaders(node: Node, params: Params) -> Json:
    start, count = params.integer(0), params.integer(1)
    if count > _MAX_SLOT_LEADERS:
        raise invalid_params(f"Invalid limit; max {_MAX_SLOT_LEADERS}")
    epoch = node.bank.epoch_schedule.get_epoch(start)
    if epoch > node.bank.clock.leader_schedule_epoch:
        raise invalid_params(
            f"Invalid slot range: leader schedule for epoch {epoch} is unavailable"
        )
    return [str(node.identity.pubkey())] * count


def _leader_schedule(node: Node, params: Params) -> Json:
    """The slots of the epoch, counted from its first, by leader."""
    config = params.config(1)
    slot = params.get(0)
    if isinstance(slot, dict):
        config, slot = as_config(slot), None
    at = node.slot_at(config.commitment()) if slot is None else params.integer(0)
    schedule = node.bank.epoch_schedule
    epoch = schedule.get_epoch(at)
    wanted = config.get("identity")
    leader = node.identity.pubkey()
    if wanted is not None and as_pubkey(wanted) != leader:
        return {}
    if epoch > node.bank.clock.leader_schedule_epoch:
        return None
    return {str(leader): list(range(schedule.get_slots_in_epoch(epoch)))}


def _block_production(node: Node, params: Params) -> Json:
    """Slots of the range and blocks in it, by leader; by default since the epoch began."""
    config = params.config(0)
    newest = node.slot_at(config.commitment())
    schedule = node.bank.epoch_schedule
    first, last = schedule.get_first_slot_in_epoch(schedule.get_epoch(newest)), newest
    section = config.section("range")
    if section is not None:
        first = section.required_integer("firstSlot", "u64")
        end = section.integer("lastSlot")
        last = newest if end is None else end
        if last < first:
            raise invalid_params(f"lastSlot, {last}, cannot be less than firstSlot, {first}")
        if last > newest:
            raise invalid_params(f"lastSlot, {last}, is too large; max {newest}")
    wanted = config.get("identity")
    leader = node.identity.pubkey()
    by_identity: dict[str, Json] = {}
    if wanted is None or as_pubkey(wanted) == leader:
        blocks = node.bank.blocks_between(first, last)
        by_identity[str(leader)] = [last - first + 1, len(blocks)]
    value: Json = {
        "byIdentity": by_identity,
        "range": {"firstSlot": first, "lastSlot": last},
    }
    return node.with_context(value, newest)


def _block_commitment(node: Node, params: Params) -> Json:
    """The stake that voted for a block, by lockout: nobody has any."""
    slot = params.integer(0)
    pending = node.slot_at("finalized") < slot <= node.bank.slot
    return {"commitment": [0] * _LOCKOUTS if pending else None, "totalStake": 0}


def _performance_samples(node: Node, params: Params) -> Json:
    """One sample a minute of the on-chain clock, newest first."""
    given = params.get(0)
    limit = _MAX_SAMPLES if given is None else params.integer(0, "usize")
    if limit > _MAX_SAMPLES:
        raise invalid_params(f"Invalid limit; max {_MAX_SAMPLES}")
    period = max(1, _SAMPLE_SECONDS * 1000 // node.bank.slot_ms)
    newest = node.bank.slot // period
    samples: list[Json] = []
    for number in range(newest, max(0, newest - limit), -1):
        first, last = (number - 1) * period, number * period - 1
        blocks = node.bank.blocks_between(first, last)
        transactions = sum(len(block.signatures) for block in blocks)
        samples.append(
            {
                "slot": last,
                "numSlots": len(blocks),
                "numTransactions": transactions,
                "numNonVoteTransactions": transactions,
                "samplePeriodSecs": _SAMPLE_SECONDS,
            }
        )
    return samples


METHODS = {
    "getBlockCommitment": Method(_block_commitment, 1),
    "getBlockProduction": Method(_block_production, 0, 1),
    "getLeaderSchedule": Method(_leader_schedule, 0, 2),
    "getRecentPerformanceSamples": Method(_performance_samples, 0, 1),
    "getSlotLeader": Method(_slot_leader, 0, 1),
    "getSlotLeaders": Method(_slot_leaders, 2),
}
