"""Every call put to one node."""

from typing import Any

from .calls import ANNOUNCED, NOTIFICATIONS, QUESTIONS, SLOT_UPDATES, SUBSCRIPTIONS, Call
from .scene import Scene
from .shape import response_shape


def shapes(scene: Scene) -> dict[str, Any]:
    """Returns the shape of the answer to each call, by the call's label."""
    client = scene.client
    found = {
        call.label: response_shape(client.answer(call.method, call.params(scene)))
        for call in QUESTIONS
    }
    for call in SUBSCRIPTIONS:
        answer = client.subscribed(call.method, call.params(scene))
        found[call.label] = response_shape(answer)
    for call in NOTIFICATIONS:
        found[call.label] = _notified(scene, call)
    return found


def _notified(scene: Scene, call: Call) -> Any:
    params = call.params(scene)

    def cause() -> None:
        if call.name == ANNOUNCED:
            scene.send(scene.sent[ANNOUNCED])
        scene.airdrop()
        scene.wait()

    if call.method == "slotsUpdatesSubscribe":
        every = scene.client.notifications(
            call.method, params, cause, lambda found: len(_updates(found)) == len(SLOT_UPDATES)
        )
        return _updates(every)
    return response_shape(scene.client.notified(call.method, params, cause))


def _updates(notifications: list[dict[str, Any]]) -> dict[str, Any]:
    results = [one["params"]["result"] for one in notifications]
    return {one["type"]: response_shape(one) for one in results if one["type"] in SLOT_UPDATES}
