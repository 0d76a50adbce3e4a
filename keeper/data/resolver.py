"""Resolves names for the fetch layer: every address is checked, and only those are connected to."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from keeper.data.addresses import Address
from keeper.data.errors import NetworkError, SourceUnavailableError
from keeper.data.sources import literal_of, parse_source, require_public

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

Lookup = Callable[[str], list[str]]
"""Returns the addresses of a host; raises socket.gaierror. It may block."""

# Lookups have threads of their own: slow name servers must not hold up what else runs in threads.
LOOKUPS: Final = 16
# Answers that a name has no address, rather than none from the resolver.
NO_ADDRESS: Final = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
# No peer has a say in what this name resolves to, or whether it does.
CONTROL_NAME: Final = "example.com"


def system_lookup(host: str) -> list[str]:
    """Returns what this machine's resolver knows of a host; raises socket.gaierror."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class CheckedResolver:
    """Resolves for a connector, which connects to what is returned and asks for nothing again.

    So a name whose address changes between the check and the connection gains nothing.
    """

    def __init__(self, *, allow_private: bool, seconds: float, lookup: Lookup) -> None:
        """`seconds` is the longest that a lookup may take."""
        self._allow_private = allow_private
        self._seconds = seconds
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")
        self._control_thread = ThreadPoolExecutor(1, thread_name_prefix="control lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list["ResolveResult"]:
        """Returns the addresses of a host, all of them public unless private ones are allowed.

        Raises AddressRefusedError, SourceUnavailableError where the host has no address or its name
        servers do not answer, and NetworkError where this node resolves no name at all or is busy
        with other names.
        """
        addresses = await self._addresses(host)
        require_public(host, addresses, allow_private=self._allow_private)
        return [
            {
                "hostname": host,
                "host": str(address),
                "port": port,
                "family": _family(address),
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for address in addresses
            if family in (socket.AF_UNSPEC, _family(address))
        ]

    async def close(self) -> None:
        """End the threads without waiting for a lookup that hangs."""
        for threads in (self._threads, self._control_thread):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, host: str) -> list[Address]:
        try:
            found = await self._looked_up(host, self._threads)
        except socket.gaierror as error:
            if error.errno in NO_ADDRESS:
                raise SourceUnavailableError(f"{host} has no address: {error.strerror}") from error
            await self._require_resolver(host, error.strerror)
            raise SourceUnavailableError(
                f"the name servers of {host} do not answer: {error.strerror}"
            ) from error
        except TimeoutError as error:
            await self._require_resolver(host, "no answer in time")
            raise SourceUnavailableError(f"the name servers of {host} do not answer") from error
        if not found:
            raise SourceUnavailableError(f"{host} has no address")
        return [ip_address(each) for each in dict.fromkeys(found)]

    async def _require_resolver(self, host: str, reason: str | None) -> None:
        """Raise NetworkError where another name is not resolved either."""
        try:
            await self._looked_up(CONTROL_NAME, self._control_thread)
        except (socket.gaierror, TimeoutError) as error:
            if not isinstance(error, socket.gaierror) or error.errno not in NO_ADDRESS:
                raise NetworkError(
                    f"this node resolves neither {host} nor {CONTROL_NAME}: {reason}"
                ) from error

    async def _looked_up(self, host: str, threads: ThreadPoolExecutor) -> list[str]:
        asked = threads.submit(self._lookup, host)
        answered = asyncio.wrap_future(asked)
        try:
            done, _ = await asyncio.wait({answered}, timeout=self._seconds)
            if done:
                return answered.result()
            if asked.cancel():
                raise NetworkError(f"this node has no thread left to resolve {host}")
            raise TimeoutError
        finally:
            answered.cancel()


async def check_source(
    source: str, *, allow_private: bool, seconds: float, lookup: Lookup = system_lookup
) -> None:
    """Raise what a client that fetches from `source` would raise before it connects."""
    url = parse_source(source, allow_private=allow_private)
    if literal_of(url) is None:
        resolver = CheckedResolver(allow_private=allow_private, seconds=seconds, lookup=lookup)
        try:
            await resolver.resolve(url.raw_host or "")
        finally:
            await resolver.close()


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6
