"""Which addresses are public, for every spelling that IPv6 has for an IPv4 address."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keeper.data.addresses import GLOBAL_UNICAST, IPV4_BLOCKS, IPV6_BLOCKS, why_not_public

IPV4 = st.integers(0, 2**32 - 1).map(IPv4Address)
IPV6 = st.integers(0, 2**128 - 1).map(IPv6Address)
UNICAST = st.integers(int(GLOBAL_UNICAST[0]), int(GLOBAL_UNICAST[-1])).map(IPv6Address)
# What Python's own tables call global, and nodes refuse nevertheless.
REFUSED_BESIDES = [
    IPv4Network(each) for each in ("168.63.129.16", "192.0.0.0/24", "192.88.99.0/24")
]


def embedded(prefix: str, address: IPv4Address) -> IPv6Address:
    """The IPv6 address with this IPv4 address in its last four bytes."""
    return IPv6Address(int(IPv6Address(prefix)) | int(address))


@given(IPV4)
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("169.254.169.254"))
@example(IPv4Address("100.100.100.200"))
@example(IPv4Address("168.63.129.16"))
@example(IPv4Address("8.8.8.8"))
def test_public_is_what_is_global_and_unicast(address: IPv4Address) -> None:
    besides = any(address in block for block in REFUSED_BESIDES)
    expected = address.is_global and not address.is_multicast and not besides
    assert (why_not_public(address) is None) == expected


@given(IPV4)
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("8.8.8.8"))
def test_a_mapped_or_translated_address_is_judged_as_the_one_inside(address: IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert why_not_public(embedded(prefix, address)) == why_not_public(address)


@given(IPV4, st.integers(0, 2**80 - 1))
def test_no_tunnel_is_public_whatever_it_leads_to(address: IPv4Address, rest: int) -> None:
    compatible = embedded("::", address)
    sixto4 = IPv6Address(0x2002 << 112 | int(address) << 80 | rest)
    teredo = IPv6Address(0x20010000 << 96 | rest >> 16 << 32 | int(address) ^ 0xFFFFFFFF)
    local = embedded("64:ff9b:1::", address)
    for each in (compatible, sixto4, teredo, local):
        assert why_not_public(each) is not None


@given(st.one_of(IPV6, UNICAST))
def test_an_ipv6_address_that_is_public_is_global_unicast(address: IPv6Address) -> None:
    if why_not_public(address) is None:
        assert (
            address in GLOBAL_UNICAST or address.packed[:12] == IPv6Address("64:ff9b::").packed[:12]
        )
        assert address.is_global
        assert not address.is_multicast
        assert address.sixtofour is None
        assert address.teredo is None


@given(st.sampled_from(sorted(IPV4_BLOCKS)), st.data())
def test_every_address_of_a_named_block_is_refused_by_its_name(
    block: str, data: st.DataObject
) -> None:
    network = IPv4Network(block)
    address = data.draw(st.integers(int(network[0]), int(network[-1])).map(IPv4Address))
    assert why_not_public(address) == IPV4_BLOCKS[block]


@given(st.sampled_from(sorted(IPV6_BLOCKS)), st.data())
def test_every_ipv6_address_of_a_named_block_is_refused(block: str, data: st.DataObject) -> None:
    network = IPv6Network(block)
    address = data.draw(st.integers(int(network[0]), int(network[-1])).map(IPv6Address))
    assert why_not_public(address) is not None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "IPv4-compatible"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("100::1", "reserved"),
        ("2001::1", "a Teredo tunnel"),
        ("2002:7f00:1::", "a 6to4 tunnel"),
        ("4000::1", "reserved"),
        ("fd00:ec2::254", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "of one network interface"),
        ("ff02::1", "multicast"),
    ],
)
def test_the_reason_is_named(address: str, reason: str) -> None:
    assert why_not_public(IPv6Address(address)) == reason


@pytest.mark.parametrize("address", ["2606:4700::6810:84e5", "2a00:1450:4001:80e::200e"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert why_not_public(IPv6Address(address)) is None
