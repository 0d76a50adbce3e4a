"""A call, and what its parameters take from the scene."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from spl.token.constants import TOKEN_PROGRAM_ID

from ..scene import Scene, encoded

Given: TypeAlias = Callable[[Scene], Any]
"""A value that the scene gives."""

BASE64 = {"encoding": "base64"}
PARSED = {"encoding": "jsonParsed"}
CONFIRMED = {"commitment": "confirmed"}
PROCESSED = {"commitment": "processed"}
FAR = 2**40
"""A slot that no chain here reaches."""
NO_ADDRESS = "not an address"
SYSTEM = "11111111111111111111111111111111"
TOKEN_PROGRAM = str(TOKEN_PROGRAM_ID)
UNKNOWN_SIGNATURE = "1" * 64


class Call:
    """A method and its parameters, told apart from its other calls by `name`.

    Functions among the parameters, at any depth, stand for what the scene gives. Without
    parameters the request has no `params` at all.
    """

    def __init__(self, method: str, name: str, *params: Any) -> None:
        self.method = method
        self.name = name
        self._params = params

    @property
    def label(self) -> str:
        """Returns what identifies the call."""
        return f"{self.method}: {self.name}"

    def params(self, scene: Scene) -> list[Any]:
        """Returns the parameters on this scene."""
        return [_resolved(one, scene) for one in self._params]


def _resolved(value: Any, scene: Scene) -> Any:
    if callable(value):
        return value(scene)
    if isinstance(value, Mapping):
        return {name: _resolved(one, scene) for name, one in value.items()}
    return [_resolved(one, scene) for one in value] if isinstance(value, list) else value


def payer(scene: Scene) -> str:
    """Returns the wallet that pays."""
    return str(scene.payer.pubkey())


def other(scene: Scene) -> str:
    """Returns the wallet that is paid."""
    return str(scene.other.pubkey())


def stranger(scene: Scene) -> str:
    """Returns an address without an account."""
    return str(scene.stranger.pubkey())


def mint(scene: Scene) -> str:
    """Returns the mint."""
    return str(scene.mint.pubkey())


def tokens(scene: Scene) -> str:
    """Returns the payer's token account."""
    return str(scene.tokens)


def identity(scene: Scene) -> str:
    """Returns the node's own address."""
    found: str = scene.client.result("getIdentity")["identity"]
    return found


def slot(scene: Scene) -> int:
    """Returns the confirmed slot."""
    found: int = scene.client.result("getSlot", CONFIRMED)
    return found


def blockhash(scene: Scene) -> str:
    """Returns the latest final blockhash."""
    return str(scene.blockhash())


def signature_of(name: str) -> Given:
    """The signature of a transaction of the scene."""
    return lambda scene: scene.signatures[name]


def slot_of(name: str) -> Given:
    """The slot of a transaction of the scene."""
    return lambda scene: scene.slot_of(name)


def sent(name: str) -> Given:
    """A transaction of the scene, in base64."""
    return lambda scene: encoded(scene.sent[name])


def transfer_of(lamports: int, *, commitment: str = "finalized") -> Given:
    """A signed transfer whose blockhash is the latest of `commitment`, in base64."""

    def transfer(scene: Scene) -> str:
        recent = scene.blockhash(commitment)
        return encoded(scene.signed([scene.transfer(lamports)], blockhash=recent))

    return transfer


def unfunded(scene: Scene) -> str:
    """Returns a transfer that the stranger would pay, in base64."""
    paid = scene.transfer(1, signer=scene.stranger)
    return encoded(scene.signed([paid], scene.stranger))


def forged(scene: Scene) -> str:
    """Returns a transfer with another one's signature, in base64."""
    transaction = scene.signed([scene.transfer(31)])
    transaction.signatures = scene.signed([scene.transfer(32)]).signatures
    return encoded(transaction)


def message(scene: Scene) -> str:
    """Returns the message of a transfer, in base64."""
    return base64.b64encode(bytes(scene.signed([scene.transfer(1)]).message)).decode()
