"""Methods about the cluster: slots, blockhashes, epochs, the node itself."""

from ..ledger import Json
from .errors import NO_SNAPSHOT, RpcError
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
    """One node, which gossips with nobody."""
    unused = (
        "gossip",
        "serveRepair",
        "tpu",
        "tpuForwards",
        "tpuForwardsQuic",
        "tpuQuic",
        "tpuVote",
        "tvu",
    )
    return [
        {
            "pubkey": str(node.identity.pubkey()),
            "clientId": "LiteSVM",
            "version": API_VERSION,
            "featureSet": 0,
            "shredVersion": 0,
            "rpc": node.rpc_address,
            "pubsub": node.pubsub_address,
            **dict.fromkeys(unused),
        }
    ]


def _slot(node: Node, params: Params) -> Json:
    return node.slot_at(params.config(0).commitment())


def _block_height(node: Node, params: Params) -> Json:
    return node.height_at(params.config(0).commitment())


def _epoch_info(node: Node, params: Params) -> Json:
    commitment = params.config(0).commitment()
    slot = node.slot_at(commitment)
    schedule = node.bank.epoch_schedule
    epoch, index = schedule.get_epoch_and_slot_index(slot)
    return {
        "absoluteSlot": slot,
        "blockHeight": node.height_at(commitment),
        "epoch": epoch,
        "slotIndex": index,
        "slotsInEpoch": schedule.get_slots_in_epoch(epoch),
        "transactionCount": node.bank.transactions_until(slot),
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
    height = node.height_at(params.config(0).commitment())
    blockhash = node.bank.latest_blockhash_at(height)
    return node.with_context(
        {
            "blockhash": str(blockhash),
            "lastValidBlockHeight": node.bank.last_valid_block_height(blockhash),
        },
        node.bank.slot_at(height),
    )


def _blockhash_valid(node: Node, params: Params) -> Json:
    height = node.height_at(params.config(1).commitment())
    valid = node.bank.is_blockhash_valid(as_hash(params.get(0)), height)
    return node.with_context(valid, node.bank.slot_at(height))


def _prioritization_fees(node: Node, params: Params) -> Json:
    """No transaction here competes for a place, so that the fee is 0 in every slot."""
    if params.get(0) is not None:
        for key in as_list(params.get(0), _MAX_PRIORITIZATION_ACCOUNTS):
            as_pubkey(key)
    newest = node.bank.slot
    oldest = max(0, newest - _PRIORITIZATION_SLOTS)
    return [
        {"slot": slot, "prioritizationFee": 0}
        for slot in range(oldest, newest)
        if node.bank.block(slot) is not None
    ]


def _transaction_count(node: Node, params: Params) -> Json:
    return node.bank.transactions_until(node.slot_at(params.config(0).commitment()))


def _zero_slot(node: Node, params: Params) -> Json:
    """Returns slot 0: the ledger is kept from genesis on, and nobody sends shreds."""
    return 0


def _snapshot_slot(node: Node, params: Params) -> Json:
    raise RpcError(NO_SNAPSHOT, "No snapshot")


METHODS = {
    "getBlockHeight": Method(_block_height, 0, 1),
    "getClusterNodes": Method(_cluster_nodes),
    "getEpochInfo": Method(_epoch_info, 0, 1),
    "getEpochSchedule": Method(_epoch_schedule),
    "getFirstAvailableBlock": Method(_zero_slot),
    "getGenesisHash": Method(_genesis_hash),
    "getHealth": Method(_health),
    "getHighestSnapshotSlot": Method(_snapshot_slot),
    "getIdentity": Method(_identity),
    "getLatestBlockhash": Method(_latest_blockhash, 0, 1),
    "getMaxRetransmitSlot": Method(_zero_slot),
    "getMaxShredInsertSlot": Method(_zero_slot),
    "getRecentPrioritizationFees": Method(_prioritization_fees, 0, 1),
    "getSlot": Method(_slot, 0, 1),
    "getTransactionCount": Method(_transaction_count, 0, 1),
    "getVersion": Method(_version),
    "isBlockhashValid": Method(_blockhash_valid, 1, 1),
    "minimumLedgerSlot": Method(_zero_slot),
}
