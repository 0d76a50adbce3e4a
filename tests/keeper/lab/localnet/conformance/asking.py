"""Every call put to one node."""

from typing import Any

from .calls import NOTIFICATIONS, QUESTIONS, SLOT_UPDATES, SUBSCRIPTIONS, Call
from .scene import Scene
from .shape import response_shape


def shapes(scene: Scene) -> dict[str, Any]:
    """Returns the shape of the answer to each call, by the call's label."""
    found = {call.label: response_shape(_asked(scene, call)) for call in QUESTIONS}
    for call in SUBSCRIPTIONS:
        found[call.label] = response_shape(
            scene.client.subscribed(call.method, _params(scene, call))
        )
    for call in NOTIFICATIONS:
        found[call.label] = _notified(scene, call)
    return found


def _params(scene: Scene, call: Call) -> Any:
    return [] if call.params is None else call.params(scene)


def _asked(scene: Scene, call: Call) -> dict[str, Any]:
    return scene.client.answer(call.method, None if call.params is None else call.params(scene))


def _notified(scene: Scene, call: Call) -> Any:
    params = _params(scene, call)

    def cause() -> None:
        if call.name == "to land":
            scene.send(scene.sent["announced"])
        scene.airdrop()
        scene.wait()

    def kinds(notifications: list[dict[str, Any]]) -> dict[str, Any]:
        results = [one["params"]["result"] for one in notifications]
        return {one["type"]: response_shape(one) for one in results if one["type"] in SLOT_UPDATES}

    if call.method == "slotsUpdatesSubscribe":
        every = scene.client.notifications(
            call.method, params, cause, lambda found: len(kinds(found)) == len(SLOT_UPDATES)
        )
        return kinds(every)
    return response_shape(scene.client.notified(call.method, params, cause))
