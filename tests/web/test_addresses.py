"""The spelling of addresses, and which numbers are inner ones."""

from __future__ import annotations

import ipaddress

import pytest

from cass.errors import ConfigError, ToolError
from cass.ports.web import Address
from cass.web import addresses, robots


@pytest.mark.parametrize(
    ("url", "site", "target"),
    [
        ("https://Example.COM/a?b=c#d", "example.com", "/a?b=c"),
        ("http://example.com", "example.com", "/"),
        ("https://example.com.:443/", "example.com", "/"),
        ("http://example.com:8080/x", "example.com:8080", "/x"),
        ("https://example.com:80/", "example.com:80", "/"),
        ("http://2130706433/", "127.0.0.1", "/"),
        ("http://0x7f.1/", "127.0.0.1", "/"),
        ("http://0177.0.0.1/", "127.0.0.1", "/"),
        ("http://127.1:80", "127.0.0.1", "/"),
        ("http://\uff11\uff12\uff17.0.0.1/", "127.0.0.1", "/"),
        ("http://ⓛocalhost/", "localhost", "/"),
        ("https://bücher.example/ä", "xn--bcher-kva.example", "/%C3%A4"),
        ("http://127。0。0。1/", "127.0.0.1", "/"),
        ("http://[::FFFF:127.0.0.1]/", "[::ffff:7f00:1]", "/"),
        ("http://[0:0::1]:81/", "[::1]:81", "/"),
    ],
)
def test_one_spelling(url: str, site: str, target: str) -> None:
    found = addresses.read(url)
    assert (found.site, found.target) == (site, target)
    assert addresses.read(str(found)) == found


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "javascript:alert(1)",
        "data:text/html,hi",
        "example.com/no-scheme",
        "//example.com/",
        "https://",
        "https:///path",
        "http://user:pw@example.com/",
        "http://example.com@10.0.0.1/",
        "http://example.com\\@10.0.0.1/",
        "http://example.com /",
        "http://exam\tple.com/",
        "http://example.com/\r\nHost: x",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1",
        "http://exa%6dple.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://256.256.256.256/",
        "http://1.2.3.4.5/",
        "http://a..b/",
        "http://-a-.example/",
        "http://.../",
        "https://example.com/" + "a" * 5_000,
    ],
)
def test_what_is_never_asked_for(url: str) -> None:
    with pytest.raises(ToolError):
        addresses.read(url)


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.9.9.9",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "203.0.113.5",
        "224.0.0.1",
        "224.0.1.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:0:7f00:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001:db8::1",
    ],
)
def test_inner_numbers(ip: str) -> None:
    assert addresses.inner(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    "ip", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_numbers(ip: str) -> None:
    assert not addresses.inner(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    ("allowed", "ip", "ok"),
    [
        ((), "127.0.0.1", False),
        (("127.0.0.0/8",), "127.0.0.1", True),
        (("127.0.0.0/8",), "::ffff:127.0.0.1", True),
        (("127.0.0.1",), "127.0.0.2", False),
        (("inside.example",), "10.0.0.1", True),
        (("inside.example:8080",), "10.0.0.1", True),
        (("inside.example:9090",), "10.0.0.1", False),
        (("inside",), "10.0.0.1", False),
    ],
)
def test_what_the_user_allows(allowed: tuple[str, ...], ip: str, ok: bool) -> None:
    address = Address("http", "inside.example", 8080, "/")
    assert (addresses.refused(address, [ipaddress.ip_address(ip)], allowed) is None) is ok


def test_one_inner_number_among_public_ones_is_enough() -> None:
    address = Address("https", "example.com", 443, "/")
    numbers = [ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("10.0.0.1")]
    assert str(addresses.refused(address, numbers, ())) == "10.0.0.1"


def test_a_setting_that_means_nothing_is_told() -> None:
    addresses.check_setting(("localhost:3000", "10.0.0.0/8", "::1", "[::1]:80"))
    with pytest.raises(ConfigError, match="http://localhost"):
        addresses.check_setting(("http://localhost",))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example/", "https://a.example/x", True),
        ("https://a.example/", "http://a.example/x", False),
        ("https://a.example/", "https://www.a.example/", True),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("http://a.example:81/", "http://a.example:82/", False),
    ],
)
def test_how_far_a_redirect_may_lead(one: str, other: str, same: bool) -> None:
    assert addresses.same_site(addresses.read(one), addresses.read(other)) is same


@pytest.mark.parametrize(
    ("text", "target", "ok"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: CASS/1.0\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: CASS\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/a/b", False),
        (
            "User-agent: x\nUser-agent: *\nDisallow: /private # not here\nAllow: /private/open",
            "/private/open/1",
            True,
        ),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?a", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a-b-c-d", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("garbage\x00: :::\nDisallow: /", "/a", True),
    ],
)
def test_robots(text: str, target: str, ok: bool) -> None:
    assert robots.allowed(robots.rules(text), target) is ok


def test_robots_that_are_made_to_be_slow_are_not() -> None:
    rule = robots.Rule("/" + "*a" * 10_000 + "$", False)
    assert not rule.fits("/" + "a" * 4_000)
