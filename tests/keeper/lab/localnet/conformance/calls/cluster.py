"""The cluster, its slots, leaders and economy."""

from .call import CONFIRMED, FAR, SYSTEM, Call, blockhash, identity, payer, slot

_PLAIN = (
    "getBlockHeight",
    "getBlockProduction",
    "getClusterNodes",
    "getEpochInfo",
    "getEpochSchedule",
    "getFirstAvailableBlock",
    "getGenesisHash",
    "getHealth",
    "getHighestSnapshotSlot",
    "getIdentity",
    "getInflationGovernor",
    "getInflationRate",
    "getLargestAccounts",
    "getLatestBlockhash",
    "getLeaderSchedule",
    "getMaxRetransmitSlot",
    "getMaxShredInsertSlot",
    "getRecentPrioritizationFees",
    "getSlot",
    "getSlotLeader",
    "getStakeMinimumDelegation",
    "getSupply",
    "getTransactionCount",
    "getUnknownThing",
    "getVersion",
    "getVoteAccounts",
    "minimumLedgerSlot",
)

_PRODUCTION = "getBlockProduction"
_SCHEDULE = "getLeaderSchedule"

CLUSTER = (
    *(Call(method, "plain") for method in _PLAIN),
    Call("getHealth", "with a parameter", 1),
    Call("getBlockCommitment", "recent slot", slot),
    Call("getBlockCommitment", "slot to come", FAR),
    Call(_PRODUCTION, "range", {"range": {"firstSlot": 1, "lastSlot": 2}}),
    Call(_PRODUCTION, "range to come", {"range": {"firstSlot": 1, "lastSlot": FAR}}),
    Call(_PRODUCTION, "range backwards", {"range": {"firstSlot": 2, "lastSlot": 1}}),
    Call("getEpochInfo", "confirmed", CONFIRMED),
    Call("getInflationReward", "of an epoch that is not over", [payer], {"epoch": 0}),
    Call("getLargestAccounts", "circulating", {"filter": "circulating"}),
    Call("getLargestAccounts", "unknown filter", {"filter": "x"}),
    Call("getLatestBlockhash", "context to come", {"minContextSlot": FAR}),
    Call(_SCHEDULE, "of a slot to come", FAR),
    Call(_SCHEDULE, "of an identity", None, {"identity": identity}),
    Call("getRecentPerformanceSamples", "too many", 721),
    Call("getRecentPrioritizationFees", "of an account", [payer]),
    Call("getSlotLeaders", "two", slot, 2),
    Call("getSlotLeaders", "too many", slot, 5001),
    Call("getSupply", "without the list", {"excludeNonCirculatingAccountsList": True}),
    Call("isBlockhashValid", "latest", blockhash),
    Call("isBlockhashValid", "unknown", SYSTEM, CONFIRMED),
    Call("isBlockhashValid", "no hash", "not a hash"),
)
