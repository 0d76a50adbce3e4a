"""Log notifications over one WebSocket connection."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from solana.rpc.commitment import Commitment
from solders.commitment_config import CommitmentLevel
from solders.errors import SerdeJSONError
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsConfig, RpcTransactionLogsFilterMentions
from solders.rpc.requests import LogsSubscribe
from solders.rpc.responses import LogsNotification as RawNotification
from solders.rpc.responses import SubscriptionError, SubscriptionResult, parse_websocket_message
from solders.signature import Signature

from keeper.chain.errors import PermanentError, TransientError

HEARTBEAT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class LogsNotification:
    """A landed transaction's logs, as pushed."""

    signature: Signature
    slot: int
    failed: bool
    logs: tuple[str, ...]


async def subscribed_logs(
    url: str, address: Pubkey, commitment: Commitment, opened: Callable[[], None]
) -> AsyncIterator[LogsNotification]:
    """Yields the notifications of one connection.

    `opened` is called once the node has taken the subscription. Pings find a half-open connection.
    Raises TransientError when the connection ends or its messages cannot be read, PermanentError
    where the node refuses the subscription.
    """
    # Loading aiohttp takes longer than most commands that never subscribe.
    from aiohttp import ClientError, ClientSession, WSMsgType  # noqa: PLC0415

    request = LogsSubscribe(
        RpcTransactionLogsFilterMentions(address),
        RpcTransactionLogsConfig(getattr(CommitmentLevel, commitment.capitalize())),
    )
    try:
        async with (
            ClientSession() as session,
            session.ws_connect(url, heartbeat=HEARTBEAT_SECONDS) as socket,
        ):
            await socket.send_str(request.to_json())
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    raise TransientError(f"{url} sent {message.type.name} instead of text")
                for item in parse_websocket_message(message.data):
                    if isinstance(item, RawNotification):
                        value = item.result.value
                        yield LogsNotification(
                            value.signature,
                            item.result.context.slot,
                            value.err is not None,
                            tuple(value.logs),
                        )
                    elif isinstance(item, SubscriptionError):
                        raise PermanentError(f"{url} refused the subscription: {item}")
                    elif isinstance(item, SubscriptionResult):
                        opened()
                    else:
                        raise TransientError(f"{url} sent an unexpected {type(item).__name__}")
    except (ClientError, TimeoutError, OSError, SerdeJSONError, ValueError) as error:
        raise TransientError(f"lost {url}: {error}") from error
    raise TransientError(f"{url} closed the connection")
