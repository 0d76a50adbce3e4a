"""Methods about the cluster: slots, blockhashes, epochs, the node itself."""

from ..ledger import Json
from .method import Method
from .node import API_VERSION, Node
from .params import Params, as_hash, as_list, as_pubkey

_PRIORITIZATION_SLOTS = 150
_MAX_PRIORITIZATION_ACCOUNTS = 128


def _health(node: Node, params: Params) -> Json:
    return "ok"


def _version(node: Node, params: Params) -> Json:
    """Feature set 0 is no release's: LiteSVM has every feature of its version active."""
    return {"solana-core": API_VERSION, "feature-set": 0}


def _identity(node: Node, params: Params) -> Json:
    return {"identity": str(node.identity.pubkey())}


def _genesis_hash(node: Node, params: Params) -> Json:
    return str(node.bank.genesis_hash)


def _cluster_nodes(node: Node, params: Params) -> Json:
    return [
        {
            "pubkey": str(node.identity.pubkey()),
            "gossip": None,
            "tpu": None,
            "rpc": None,
            "version": API_VERSION,
            "featureSet": None,
            "shredVersion": None,
        }
    ]


def _slot(node: Node, params: Params) -> Json:
    return node.slot_at(params.config(0).commitment())


def _slot_leader(node: Node, params: Params) -> Json:
    params.config(0).commitment()
    return str(node.identity.pubkey())


def _block_height(node: Node, params: Params) -> Json:
    slot = node.slot_at(params.config(0).commitment())
    if slot == node.bank.slot:
        return node.bank.block_height
    # The newest block at or before a slot that may have been skipped.
    closed = (node.bank.block(earlier) for earlier in range(slot, -1, -1))
    return next(block.height for block in closed if block is not None)


def _epoch_info(node: Node, params: Params) -> Json:
    slot = node.slot_at(params.config(0).commitment())
    schedule = node.bank.epoch_schedule
    epoch, index = schedule.get_epoch_and_slot_index(slot)
    return {
        "absoluteSlot": slot,
        "blockHeight": _block_height(node, params),
        "epoch": epoch,
        "slotIndex": index,
        "slotsInEpoch": schedule.get_slots_in_epoch(epoch),
        "transactionCount": node.bank.transaction_count,
    }


def _epoch_schedule(node: Node, params: Params) -> Json:
    schedule = node.bank.epoch_schedule
    return {
        "slotsPerEpoch": schedule.slots_per_epoch,
        "leaderScheduleSlotOffset": schedule.leader_schedule_slot_offset,
        "warmup": schedule.warmup,
        "firstNormalEpoch": schedule.first_normal_epoch,
        "firstNormalSlot": schedule.first_normal_slot,
    }


def _latest_blockhash(node: Node, params: Params) -> Json:
    params.config(0).commitment()
    blockhash = node.bank.latest_blockhash
    return node.with_context(
        {
            "blockhash": str(blockhash),
            "lastValidBlockHeight": node.bank.last_valid_block_height(blockhash),
        }
    )


def _blockhash_valid(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    return node.with_context(node.bank.is_blockhash_valid(as_hash(params.get(0), "blockhash")))


def _prioritization_fees(node: Node, params: Params) -> Json:
    """No transaction here competes for a place, so that the fee is 0 in every slot."""
    if params.get(0) is not None:
        for key in as_list(params.get(0), "addresses", _MAX_PRIORITIZATION_ACCOUNTS):
            as_pubkey(key, "address")
    newest = node.bank.slot
    oldest = max(0, newest - _PRIORITIZATION_SLOTS)
    return [
        {"slot": slot, "prioritizationFee": 0}
        for slot in range(oldest, newest)
        if node.bank.block(slot) is not None
    ]


def _transaction_count(node: Node, params: Params) -> Json:
    params.config(0).commitment()
    return node.bank.transaction_count


def _zero_slot(node: Node, params: Params) -> Json:
    """Returns slot 0: the ledger is kept from genesis on."""
    return 0


METHODS = {
    "getBlockHeight": Method(_block_height, 0, 1),
    "getClusterNodes": Method(_cluster_nodes),
    "getEpochInfo": Method(_epoch_info, 0, 1),
    "getEpochSchedule": Method(_epoch_schedule),
    "getFirstAvailableBlock": Method(_zero_slot),
    "getGenesisHash": Method(_genesis_hash),
    "getHealth": Method(_health),
    "getIdentity": Method(_identity),
    "getLatestBlockhash": Method(_latest_blockhash, 0, 1),
    "getRecentPrioritizationFees": Method(_prioritization_fees, 0, 1),
    "getSlot": Method(_slot, 0, 1),
    "getSlotLeader": Method(_slot_leader, 0, 1),
    "getTransactionCount": Method(_transaction_count, 0, 1),
    "getVersion": Method(_version),
    "isBlockhashValid": Method(_blockhash_valid, 1, 1),
    "minimumLedgerSlot": Method(_zero_slot),
}
