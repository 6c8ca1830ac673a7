"""Which addresses may be asked for: the spelling of a URL, and the numbers that its host stands for."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import quote, urljoin, urlsplit

from cass.errors import ConfigError, ToolError
from cass.ports.web import Address

LONGEST = 4_000
"""Characters of a URL."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_BAD = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_SAFE = "/?:@!$&'()*+,;=-._~%[]|"

_NEVER = tuple(
    ipaddress.ip_network(net)
    for net in (
        "168.63.129.16/32",  # the inner address of a cloud, though it looks public
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "fec0::/10",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


def read(url: str, base: Address | None = None) -> Address:
    """The address that a URL means; a relative one starts from `base`. ToolError for what is never asked for."""
    url = url.strip()
    if _BAD.search(url):
        raise ToolError(f"{url[:200]!r} is not a URL: it holds blanks, backslashes or control characters.")
    if base is not None:
        url = urljoin(str(base), url)
    if len(url) > LONGEST:
        raise ToolError(f"The URL is longer than {LONGEST} characters.")
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ToolError(f"{url[:200]!r} is not a URL: {error}.") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        raise ToolError(f"Only http and https can be read, not {scheme[:20] or 'a URL without a scheme'}.")
    if "@" in parts.netloc:
        raise ToolError("A URL with a user name or password in it is not sent.")
    if not name:
        raise ToolError(f"{url[:200]!r} names no host.")
    port = port if port is not None else {"http": 80, "https": 443}[scheme]
    if port == 0:
        raise ToolError("Port 0 cannot be reached.")
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    return Address(scheme, _host(name), port, target)


def _host(name: str) -> str:
    if "%" in name:
        raise ToolError("A host with a percent sign (a zone, or escaped letters) is not asked for.")
    if ":" in name:
        try:
            return ipaddress.IPv6Address(name).compressed
        except ValueError:
            raise ToolError(f"{name[:80]!r} is not a host.") from None
    try:
        ascii_name = name.encode("idna").decode("ascii").lower() if not name.isascii() else name.lower()
    except UnicodeError:
        raise ToolError(f"{name[:80]!r} is not a host.") from None
    ascii_name = ascii_name.removesuffix(".")
    labels = ascii_name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 are all the same machine, and the user shall read which.
        try:
            if not all(_NUMBER.fullmatch(label) for label in labels):
                raise OSError
            return socket.inet_ntoa(socket.inet_aton(ascii_name))
        except OSError:
            raise ToolError(f"{name[:80]!r} is not a host.") from None
    if len(ascii_name) > 253 or not all(_LABEL.fullmatch(label) and len(label) < 64 for label in labels):
        raise ToolError(f"{name[:80]!r} is not a host.")
    return ascii_name


def same_site(one: Address, other: Address) -> bool:
    """Whether a redirect from one to the other stays where the user allowed to go: the same host and port, `www.` or
    not, and from http to https but never back."""
    if one.scheme == "https" and other.scheme == "http":
        return False
    if one.host.removeprefix("www.") != other.host.removeprefix("www."):
        return False
    return one.port == other.port or (one.port, other.port) == (80, 443)


def inner(ip: IpAddress) -> bool:
    """Whether an address is not the public internet's: private, loopback, link-local, a cloud's metadata, multicast,
    reserved, or an IPv6 form of such an IPv4 address."""
    if isinstance(ip, ipaddress.IPv6Address):
        for hidden in _embedded(ip):
            if inner(hidden):
                return True
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return False  # it is what it stands for
    if any(ip.version == net.version and ip in net for net in _NEVER):
        return True
    return not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_link_local


def _embedded(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64 or ip in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [hidden for hidden in found if hidden is not None]


def refused(address: Address, found: Sequence[IpAddress], allowed: Sequence[str]) -> IpAddress | None:
    """The first of the numbers of a host that may not be reached; None when all may. `allowed` is the setting."""
    for entry in allowed:
        if entry.lower() in (address.host, f"{address.host}:{address.port}", address.site):
            return None
    networks = [net for entry in allowed if (net := _network(entry)) is not None]
    for ip in found:
        plain = ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip
        if inner(ip) and not any(plain.version == net.version and plain in net for net in networks):
            return ip
    return None


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def check_setting(allowed: Sequence[str]) -> None:
    """ConfigError for an entry of `web.private_addresses` that can mean nothing."""
    for entry in allowed:
        if _network(entry) is None and not re.fullmatch(
            r"(?i)(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", entry
        ):
            raise ConfigError(
                f"web.private_addresses has {entry!r}, which is no host and no network",
                hint="Write it like localhost:3000, intranet.example or 10.1.0.0/16.",
            )
