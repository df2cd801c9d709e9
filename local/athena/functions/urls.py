"""Trino's URL functions. A URL is what java.net.URI reads as one; anything else gives NULL."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local.athena.functions.macro import Macro
from local.athena.functions.scalars import PythonFunction, fail, nullable

# The character classes of https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/net/URI.html;
# characters outside ASCII are allowed wherever escapes are, blanks and controls excepted.
_OTHER = (
    r"\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\U0010ffff"
)
_UNRESERVED = r"A-Za-z0-9_\-!.~'()*"


def _class(extra: str) -> re.Pattern[str]:
    return re.compile(rf"(?:[{_UNRESERVED}{extra}{_OTHER}]++|%[0-9A-Fa-f]{{2}})*+")


_PATH = _class(r":@&=+$,;/")
_URIC = _class(r";/?:@&=+$,\[\]")
_USER_INFO = _class(r";:&=+$,")
_REGISTRY = _class(r"$,;:@&=+")
_SERVER = _class(r";:&=+$,@\[\]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.?|{_LABEL}\.?")
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|0?\d?\d|00\d)"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}", re.A)


class _NoUrl(Exception):
    """The text is no URI."""


@dataclass(frozen=True)
class Url:
    """Parts as written, still escaped; None for what is not there."""

    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    path: str | None = None
    query: str | None = None
    fragment: str | None = None


def _require(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise _NoUrl
    return text


def _server(text: str) -> tuple[str, int | None]:
    info, at, rest = text.partition("@")
    if at:
        _require(_USER_INFO, info)
    else:
        rest = info
    if rest.startswith("["):
        address, closed, port = rest[1:].partition("]")
        try:
            ipaddress.IPv6Address(address)
        except ValueError as error:
            raise _NoUrl from error
        host = f"[{address}{closed}"
        colon, port = port[:1], port[1:]
    else:
        host, colon, port = rest.partition(":")
        if not _IPV4.fullmatch(host):
            _require(_HOST, host)
    if colon not in ("", ":") or (port and not (port.isascii() and port.isdigit())):
        raise _NoUrl
    if port and int(port) >= 2**31:
        raise _NoUrl
    return host, int(port) if port else None


def _authority(text: str) -> tuple[str | None, int | None]:
    """Host and port; an authority that names no server has neither."""
    registry = bool(_REGISTRY.fullmatch(text))
    if "%" in text and "[" in text:
        fail("NOT_SUPPORTED", "a URL with the zone of an IPv6 address")
    if not _SERVER.fullmatch(text):
        if registry:
            return None, None
        raise _NoUrl
    try:
        return _server(text)
    except _NoUrl:
        if registry:
            return None, None
        raise


def _hierarchical(text: str, scheme: str | None, fragment: str | None) -> Url:
    host, port = None, None
    if text.startswith("//"):
        end = re.search(r"[/?]|$", text[2:])
        authority = text[2 : 2 + (end.start() if end else 0)]
        text = text[2 + len(authority) :]
        if authority:
            host, port = _authority(authority)
        elif not text and fragment is None:
            raise _NoUrl
    path, question, query = text.partition("?")
    _require(_PATH, path)
    _require(_URIC, query)
    return Url(scheme, host, port, path, query if question else None, fragment)


@lru_cache(1024)
def parse(text: str) -> Url | None:
    """None where java.net.URI finds a syntax error."""
    try:
        rest, mark, fragment = text.partition("#")
        _require(_URIC, fragment)
        known = fragment if mark else None
        head = re.match(r"[^/?]*?:", rest)
        if head is None:
            return _hierarchical(rest, None, known)
        scheme, rest = _require(_SCHEME, head.group()[:-1]), rest[head.end() :]
        if rest.startswith("/"):
            return _hierarchical(rest, scheme, known)
        if not rest:
            raise _NoUrl
        _require(_URIC, rest)
        return Url(scheme, fragment=known)
    except _NoUrl:
        return None


def _decoded(text: str | None) -> str:
    if text and re.search(r"\[[^\]]*%", text):
        fail("NOT_SUPPORTED", "a URL with an escape inside brackets")
    return urllib.parse.unquote(text or "", errors="replace")


def extract_protocol(url: str) -> str | None:
    found = parse(url)
    return None if found is None else found.scheme or ""


def extract_host(url: str) -> str | None:
    found = parse(url)
    return None if found is None else found.host or ""


def extract_port(url: str) -> int | None:
    found = parse(url)
    return None if found is None else found.port


def extract_path(url: str) -> str | None:
    found = parse(url)
    return None if found is None else _decoded(found.path)


def extract_query(url: str) -> str | None:
    found = parse(url)
    return None if found is None else _decoded(found.query)


def extract_fragment(url: str) -> str | None:
    found = parse(url)
    return None if found is None else _decoded(found.fragment)


def extract_parameter(url: str, name: str) -> str | None:
    """The first parameter of that name, '' when it has no value."""
    found = parse(url)
    if found is None or found.query is None:
        return None
    for part in found.query.split("&"):
        key, _, value = part.partition("=")
        if key == name:
            return decode(value)
    return None


def encode(text: str) -> str:
    """As a form parameter: letters, digits and `-_.*` stay, a blank becomes `+`."""
    return urllib.parse.quote_plus(text, safe="*").replace("~", "%7E")


def decode(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        fail("INVALID_FUNCTION_ARGUMENT", "URLDecoder: Illegal hex characters in escape pattern")
    return urllib.parse.unquote_plus(text, errors="replace")


_PARTS: dict[str, Any] = {
    "protocol": extract_protocol,
    "host": extract_host,
    "path": extract_path,
    "query": extract_query,
    "fragment": extract_fragment,
}
FUNCTIONS = [
    *(
        PythonFunction(
            f"t_url_{part}", nullable(function), ["VARCHAR"], "VARCHAR", True, refuses=True
        )
        for part, function in _PARTS.items()
    ),
    PythonFunction("t_url_port", nullable(extract_port), ["VARCHAR"], "BIGINT", True, refuses=True),
    PythonFunction(
        "t_url_parameter",
        nullable(extract_parameter),
        ["VARCHAR", "VARCHAR"],
        "VARCHAR",
        True,
        refuses=True,
    ),
    PythonFunction("t_url_encoded", encode, ["VARCHAR"], "VARCHAR", refuses=True),
    PythonFunction("t_url_decoded", decode, ["VARCHAR"], "VARCHAR", refuses=True),
]
MACROS = {
    **{f"url_extract_{part}": Macro(f"(u) AS t_url_{part}(u)", "varchar") for part in _PARTS},
    "url_extract_port": Macro("(u) AS t_url_port(u)", "bigint"),
    "url_extract_parameter": Macro("(u, n) AS t_url_parameter(u, n)", "varchar"),
    "url_encode": Macro("(s) AS t_url_encoded(s)", "varchar"),
    "url_decode": Macro("(s) AS t_url_decoded(s)", "varchar"),
}
