"""Which IP addresses a node may fetch from, by IANA's registries of special-purpose addresses."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

# The names are what a refusal says. Azure serves a host's own settings at a public address.
IPV4_BLOCKS: Final = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared between a carrier's customers",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's host service",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved for protocols",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
# Whatever is outside of 2000::/3 is refused even without a name here.
IPV6_BLOCKS: Final = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "IPv4-compatible",
    "64:ff9b:1::/48": "a local translation to IPv4",
    "2001::/32": "a Teredo tunnel",
    "2001::/23": "reserved for protocols",
    "2001:db8::/32": "for documentation",
    "2002::/16": "a 6to4 tunnel",
    "3fff::/20": "for documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# Addresses of these are judged by the IPv4 address in their last four bytes.
MAPPED: Final = IPv6Network("::ffff:0:0/96")
NAT64: Final = IPv6Network("64:ff9b::/96")

_IPV4: Final = [(IPv4Network(block), name) for block, name in IPV4_BLOCKS.items()]
_IPV6: Final = [(IPv6Network(block), name) for block, name in IPV6_BLOCKS.items()]


def why_not_public(address: Address) -> str | None:
    """Returns what keeps an address from being globally routable unicast, None where nothing does.

    An IPv6 address that stands for an IPv4 address, mapped or by NAT64, is judged as the latter. A
    tunnel's address is never public: no server needs one.
    """
    if isinstance(address, IPv4Address):
        return next((name for block, name in _IPV4 if address in block), None)
    if address.scope_id is not None:
        return "of one network interface"
    if address in MAPPED or address in NAT64:
        return why_not_public(IPv4Address(address.packed[-4:]))
    named = next((name for block, name in _IPV6 if address in block), None)
    return named or (None if address in GLOBAL_UNICAST else "reserved")
