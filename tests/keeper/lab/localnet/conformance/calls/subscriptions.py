"""Subscriptions, and the notifications that they bring."""

from ..scene import Scene
from .call import BASE64, CONFIRMED, NO_ADDRESS, PROCESSED, SYSTEM, Call, payer

ANNOUNCED = "announced"
"""A transaction that is sent once somebody has subscribed to it."""

SLOT_UPDATES = frozenset({"completed", "createdBank", "frozen", "optimisticConfirmation", "root"})
"""The kinds of slot update that a leader sends."""


def _landed(scene: Scene) -> str:
    transaction = scene.signed([scene.transfer(61)])
    signature = scene.send(transaction)
    scene.reach("confirmed", signature, transaction)
    return signature


def _announced(scene: Scene) -> str:
    scene.sent[ANNOUNCED] = scene.signed([scene.transfer(62)])
    return str(scene.sent[ANNOUNCED].signatures[0])


NOTIFICATIONS = (
    Call("accountSubscribe", "base64", payer, {**BASE64, **PROCESSED}),
    Call("accountSubscribe", "base64+zstd", payer, {"encoding": "base64+zstd", **CONFIRMED}),
    Call("logsSubscribe", "mentions", {"mentions": [payer]}, PROCESSED),
    Call("programSubscribe", "base64", SYSTEM, {**BASE64, **PROCESSED}),
    Call("rootSubscribe", "plain"),
    Call("signatureSubscribe", "landed", _landed, CONFIRMED),
    Call("signatureSubscribe", ANNOUNCED, _announced, PROCESSED),
    Call("slotSubscribe", "plain"),
    Call("slotsUpdatesSubscribe", "every kind"),
)
"""Subscriptions of which the first notification is compared."""

SUBSCRIPTIONS = (
    Call("accountSubscribe", "no address", NO_ADDRESS),
    Call("accountUnsubscribe", "unknown", 10**9),
    Call("blockSubscribe", "plain", "all"),
    Call("logsSubscribe", "two mentions", {"mentions": [payer, payer]}),
    Call("signatureSubscribe", "no signature", "not a signature"),
    Call("voteSubscribe", "plain"),
)
"""Calls to the PubSub service of which the answer is compared."""
