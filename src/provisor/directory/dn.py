"""Distinguished names in one spelling, so that two ways of writing a name compare equal (RFC 4514, RFC 4518)."""

from __future__ import annotations

import re
from typing import TypeAlias
from unicodedata import normalize

from provisor.domain.error import EntryError

Pair: TypeAlias = tuple[str, str]  # attribute type and value, both normalised, the value without escapes

LIMIT = 2048  # bytes of a normalised name: it becomes a database key

# Other spellings of the types that RFC 4519 names; the values are the short forms of RFC 4514.
TYPES = {
    "2.5.4.3": "cn",
    "2.5.4.4": "sn",
    "2.5.4.6": "c",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.9": "street",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.25": "dc",
    "commonname": "cn",
    "surname": "sn",
    "countryname": "c",
    "localityname": "l",
    "stateorprovincename": "st",
    "streetaddress": "street",
    "organizationname": "o",
    "organizationalunitname": "ou",
    "userid": "uid",
    "domaincomponent": "dc",
}

# Possessive quantifiers: a name that does not fit is refused in linear time.
_PART = re.compile(
    r" *+([A-Za-z][A-Za-z0-9-]*+|[0-9]++(?:\.[0-9]++)*+) *+= *+"
    r'((?:[^\\,+";<>\0]|\\[0-9A-Fa-f]{2}|\\[ "#+,;<=>\\])*+)([,+]|\Z)',
)
_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)
_SPECIAL = re.compile(r'([\\,+";<>])|^#')
_HEX = re.compile(r"#(?:[0-9A-Fa-f]{2})+")


class InvalidDistinguishedName(EntryError):
    """The text is not a distinguished name (RFC 4514); `problem` says why in one word or two."""

    code = "InvalidDistinguishedName"


def normalize_dn(text: str) -> str:
    """The one spelling of a distinguished name: case, spacing, escapes and the order inside an RDN no longer differ.

    Raises InvalidDistinguishedName.
    """
    name = ",".join("+".join(f"{kind}={_escape(value)}" for kind, value in rdn) for rdn in parse_dn(text))
    if len(name.encode("utf-8", "surrogatepass")) > LIMIT:
        raise InvalidDistinguishedName(problem="too long")
    return name


def parse_dn(text: str) -> list[list[Pair]]:
    """The RDNs from the leaf to the root, each with its sorted pairs; raises InvalidDistinguishedName."""
    rdns: list[list[Pair]] = [[]]
    position = 0
    while part := _PART.match(text, position):
        kind, value, separator = part.groups()
        rdns[-1].append((TYPES.get(kind.lower(), kind.lower()), _value(value)))
        if separator == ",":
            rdns.append([])
        if not separator:
            return [sorted(rdn) for rdn in rdns]
        position = part.end()
    raise InvalidDistinguishedName(problem="syntax" if text.strip() else "empty")


def domain_of(name: str) -> str:
    """The DNS domain that the `dc` parts of a distinguished name spell (RFC 2247), or nothing."""
    return ".".join(value for rdn in parse_dn(name) for kind, value in rdn if kind == "dc")


def uid_key(uid: str) -> str:
    """The key under which a posixGroup refers to a person: the bare uid, spelled as in a distinguished name."""
    return f"uid={_escape(fold(uid))}"


def fold(value: str) -> str:
    """A value as caseIgnoreMatch compares it: case, compatibility forms and spacing no longer differ (RFC 4518)."""
    if value.isascii():
        return " ".join(value.lower().split())
    folded, before = normalize("NFKC", value).casefold(), ""
    while folded != before:  # folding may undo the composition, and the reverse
        folded, before = normalize("NFKC", folded).casefold(), folded
    return " ".join(folded.split())


def _value(raw: str) -> str:
    if raw.startswith("#"):
        if not _HEX.fullmatch(raw.rstrip()):
            raise InvalidDistinguishedName(problem="hex string")
        return f"\0{raw.rstrip().lower()}"  # the NUL, which no text may hold, tells it from text that begins with #
    try:
        value = fold(_ESCAPED.sub(_unescape, raw))
    except UnicodeDecodeError:
        raise InvalidDistinguishedName(problem="not UTF-8") from None
    if not value or "\0" in value:
        raise InvalidDistinguishedName(problem="NUL" if value else "empty value")
    return value


def _unescape(found: re.Match[str]) -> str:
    encoded, character = found.groups()
    return bytes.fromhex(encoded.replace("\\", "")).decode("utf-8") if encoded else str(character)


def _escape(value: str) -> str:
    return value[1:] if value.startswith("\0") else _SPECIAL.sub(lambda found: "\\" + found.group(), value)
