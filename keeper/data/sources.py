"""The URLs that other parties name: one spelling of each host, and only public addresses."""

import re
from ipaddress import ip_address
from typing import Final

from yarl import URL

from keeper.data.addresses import Address, why_not_public
from keeper.data.errors import AddressRefusedError, SourceRefusedError

HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# Resolvers read a name that ends like this as an IPv4 address in decimal, octal or hexadecimal.
NUMBER: Final = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
WEB_PORTS: Final = (80, 443)
FIRST_USER_PORT: Final = 1024


def parse_source(text: str, *, allow_private: bool) -> URL:
    """Returns the URL of a data server.

    Raises SourceRefusedError unless it is http or https with a host in its usual spelling and
    nothing but a port and a path behind it, and AddressRefusedError where the host is an address
    that is not public and `allow_private` is not set.
    """
    url = _url(text)
    literal = literal_of(url)
    if literal is not None:
        require_public(url.raw_host or "", [literal], allow_private=allow_private)
    return url


def literal_of(url: URL) -> Address | None:
    """Returns the address that is a URL's host, None where the host is a name."""
    try:
        return ip_address(url.raw_host or "")
    except ValueError:
        return None


def require_public(host: str, addresses: list[Address], *, allow_private: bool) -> None:
    """Raise AddressRefusedError where one of a host's addresses is not public.

    One is enough: a connection could go to any of them.
    """
    if allow_private:
        return
    for address in addresses:
        reason = why_not_public(address)
        if reason is not None:
            known = f"{address}" if host == str(address) else f"{host} is at {address}, which"
            raise AddressRefusedError(
                f"{known} is not a public address ({reason}); nodes fetch from it only with "
                "--allow-private"
            )


def _url(text: str) -> URL:
    if not text.isascii() or not text.isprintable() or any(each in text for each in " \\@?#"):
        raise SourceRefusedError(
            f"{text!r} is refused: a source is http or https with a host, a port and a path"
        )
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise SourceRefusedError(f"{text!r} is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.raw_host or port is None:
        raise SourceRefusedError(f"{text!r} is not an http URL")
    if port not in WEB_PORTS and port < FIRST_USER_PORT:
        raise SourceRefusedError(f"{text!r} is refused: port {port} belongs to another service")
    if literal_of(url) is None:
        _require_name(text, url.raw_host)
    return url


def _require_name(text: str, host: str) -> None:
    if NUMBER.fullmatch(host):
        raise SourceRefusedError(
            f"{text!r} is refused: {host} is an unusual spelling of an address"
        )
    if HOST_NAME.fullmatch(host) is None:
        raise SourceRefusedError(f"{text!r} is refused: {host} is not the name of a host")
