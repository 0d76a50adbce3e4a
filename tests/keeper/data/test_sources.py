"""The URLs that other parties may name, and every odd way to spell one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from keeper.data import AddressRefusedError, PeerFault, SourceRefusedError, parse_source

FORM = "a source is http or https with a host, a port and a path"


@pytest.mark.parametrize(
    "source",
    [
        "http://node.example.org:7010",
        "https://node.example.org",
        "https://node.example.org:443/data",
        "http://8.8.8.8:7010",
        "http://[2606:4700::1111]:7010",
        "http://[::ffff:8.8.8.8]:7010",
    ],
)
def test_an_ordinary_source_is_taken_as_it_is(source: str) -> None:
    assert parse_source(source, allow_private=False) == URL(source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "not an http URL"),
        ("node.example.org", "not an http URL"),
        ("ftp://node.example.org", "not an http URL"),
        ("file:///etc/passwd", "not an http URL"),
        ("http://", "not an http URL"),
        ("http://[", "not a URL"),
        ("http://node.example.org:99999", "not a URL"),
        ("http://user@node.example.org", FORM),
        ("http://user:secret@node.example.org", FORM),
        ("http://node.example.org/?next=1", FORM),
        ("http://node.example.org/#part", FORM),
        ("http://node.example.org\\@10.0.0.1", FORM),
        ("http://node.example.org /", FORM),
        ("http://node.example.org\n", FORM),
        ("http://nöde.example.org", FORM),
        ("http://①②⑦.0.0.1", FORM),
        ("http://2130706433:7010", "2130706433 is an unusual spelling of an address"),
        ("http://0x7f000001:7010", "0x7f000001 is an unusual spelling of an address"),
        ("http://0X7F.1:7010", "0x7f.1 is an unusual spelling of an address"),
        ("http://0177.0.0.1:7010", "0177.0.0.1 is an unusual spelling of an address"),
        ("http://127.1:7010", "127.1 is an unusual spelling of an address"),
        ("http://%31%32%37.0.0.1:7010", "%31%32%37.0.0.1 is an unusual spelling of an address"),
        ("http://%6cocalhost:7010", "is not the name of a host"),
        ("http://127.0.0.1.5", "127.0.0.1.5 is an unusual spelling of an address"),
        ("http://node.1", "node.1 is an unusual spelling of an address"),
        ("http://127.0.0.1.:7010", "127.0.0.1. is not the name of a host"),
        ("http://node.example.org.", "node.example.org. is not the name of a host"),
        ("http://node..example.org", "is not the name of a host"),
        (f"http://{'a' * 64}.example.org", "is not the name of a host"),
        ("http://node.example.org:22", "port 22 belongs to another service"),
        ("http://node.example.org:0", "port 0 belongs to another service"),
    ],
)
def test_any_other_spelling_is_refused_even_on_a_private_network(source: str, reason: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(SourceRefusedError) as refused:
            parse_source(source, allow_private=allow_private)
        assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("http://127.0.0.1:7010", "127.0.0.1 is not a public address (loopback)"),
        ("http://0.0.0.0:7010", "0.0.0.0 is not a public address (unspecified)"),
        ("http://169.254.169.254", "169.254.169.254 is not a public address (link-local)"),
        ("http://10.1.2.3", "10.1.2.3 is not a public address (private)"),
        ("http://100.64.0.1", "(shared between a carrier's customers)"),
        ("http://[::1]:7010", "::1 is not a public address (loopback)"),
        ("http://[::ffff:127.0.0.1]:7010", "is not a public address (loopback)"),
        ("http://[fd00:ec2::254]", "fd00:ec2::254 is not a public address (private)"),
        ("http://[64:ff9b::7f00:1]", "is not a public address (loopback)"),
        ("http://[fe80::1%25eth0]:7010", "is not a public address (of one network interface)"),
    ],
)
def test_an_address_that_is_not_public_needs_permission(source: str, reason: str) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        parse_source(source, allow_private=False)
    assert reason in str(refused.value)
    assert "--allow-private" in str(refused.value)
    assert parse_source(source, allow_private=True).raw_host


@given(st.text(max_size=40).map("http://".__add__))
def test_anything_is_taken_or_refused(source: str) -> None:
    try:
        url = parse_source(source, allow_private=False)
    except PeerFault:
        return
    assert url.user is None
    assert url.raw_host == (url.raw_host or "").lower()
    assert not (url.raw_host or "").endswith(".")
