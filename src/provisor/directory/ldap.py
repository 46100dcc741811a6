"""A person or group as LDAP writes it, and what may not or need not be read of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from provisor.directory.dn import InvalidDistinguishedName, fold, normalize_dn
from provisor.directory.record import Fault
from provisor.domain.change import Reason
from provisor.domain.resource import ResourceType, Value

PEOPLE = frozenset({"person", "organizationalperson", "inetorgperson", "user", "posixaccount"})
GROUPS = frozenset({"group", "groupofnames", "groupofuniquenames", "groupofmembers", "posixgroup"})
NOBODY = frozenset({"computer", "contact"})  # written as persons, but they hold no account

MEMBERS = frozenset({"member", "uniquemember", "memberuid"})
GUIDS = ("entryuuid", "objectguid")
ANCHORS = frozenset({*GUIDS, "employeenumber", "uid"})
UNKEPT = frozenset({"objectclass", "memberof", "ismemberof", "directreports", "manager", *GUIDS, *MEMBERS})

BINARY = frozenset(
    {"jpegphoto", "photo", "thumbnailphoto", "thumbnaillogo", "audio", "usercertificate", "usersmimecertificate"}
    | {"cacertificate", "objectsid", "sidhistory", "msexchmailboxguid", "logonhours", "ntsecuritydescriptor"}
)
_SECRET_PARTS = ("password", "passwd", "pwd", "secret", "privatekey", "pkcs12", "hash")
_SECRETS = frozenset(
    {"krbprincipalkey", "krbextradata", "krbmkey", "supplementalcredentials", "ipatokenotpkey", "userpin"}
    | {"trustauthincoming", "trustauthoutgoing", "initialauthincoming", "initialauthoutgoing"}
)
_HARMLESS = frozenset({"pwdaccountlockedtime"})


@lru_cache(maxsize=512)
def is_secret(name: str) -> bool:
    """Would an attribute of this folded name hold a password, key or hash? Such a value is never looked at."""
    return name not in _HARMLESS and (name in _SECRETS or any(part in name for part in _SECRET_PARTS))


def guid(value: bytes) -> str | None:
    """The text of an objectGUID: 16 bytes, the first three fields little-endian (MS-DTYP 2.3.4.2), or its text form."""
    try:
        return str(uuid.UUID(bytes_le=value) if len(value) == 16 else uuid.UUID(value.decode("ascii").strip()))
    except ValueError:
        return None


@dataclass(slots=True)
class Source:
    """One object of a directory file; attribute names are folded, values never empty and in the file's order."""

    line: int
    dn: str
    key: str
    values: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # where each attribute was first seen

    def first(self, *names: str) -> str | None:
        """The first value of the first of these attributes that has one."""
        return next((self.values[name][0] for name in names if name in self.values), None)

    def untag(self) -> None:
        """Let a value in some language stand for the attribute where it has no other (RFC 3866)."""
        for tagged in [name for name in self.values if ";" in name]:
            name = tagged.partition(";")[0]
            if name not in self.values:
                self.values[name] = self.values.pop(tagged)
                self.lines[name] = self.lines.pop(tagged)

    def type(self) -> ResourceType | None:
        """Person or group by object class; None: neither."""
        classes = {value.strip().casefold() for value in self.values.get("objectclass", ())}
        if classes & NOBODY:
            return None
        return "User" if classes & PEOPLE else "Group" if classes & GROUPS else None

    def anchor(self, *names: str) -> str:
        """What identifies the object when it is renamed or moved: its GUID, else one of these, else its name."""
        for name, label in (("entryuuid", "entryUUID"), ("objectguid", "objectGUID"), *((n, n) for n in names)):
            value = fold(self.first(name.lower()) or "")
            if value and len(value) <= 256:
                return f"{label}={value}"
        return f"dn={self.key}"

    def names(self) -> tuple[str, ...]:
        """All that an entry of this object may be known by, be it person or group."""
        return (self.key, self.anchor(), self.anchor("employeeNumber", "uid"))

    def references(self, *names: str, vital: bool = False) -> tuple[dict[str, None], list[Fault]]:
        """The keys that these attributes refer to, in order, and a fault for each attribute with unusable ones.

        `vital`: nobody may be missing from them, so that the fault is fatal.
        """
        keys: dict[str, None] = {}
        notes = []
        for name in names:
            unusable = 0
            for value in self.values.get(name, ()):
                try:
                    keys[normalize_dn(value)] = None
                except InvalidDistinguishedName:
                    unusable += 1
            if unusable:
                notes.append(self.fault(name, Reason("LdifInvalidReference", {"count": str(unusable)}), fatal=vital))
        return keys, notes

    def graph(
        self, names: Mapping[str, tuple[str, ...]], lists: frozenset[str], spelling: Mapping[str, str]
    ) -> dict[str, Value]:
        """The attributes in Microsoft Graph's names; what no property carries whole stays whole as `extension_<name>`.

        A property takes the first of its LDAP names that has a value; one of `lists` takes all values of it.
        """
        taken, attributes = set(UNKEPT), dict[str, Value]()
        for graph, candidates in names.items():
            if name := next((name for name in candidates if name in self.values), None):
                values = self.values[name]
                attributes[graph] = list(values) if graph in lists else values[0]
                if graph in lists or len(values) == 1:
                    taken.add(name)
        for name, values in self.values.items():
            if name not in taken:
                label = spelling.get(name, name).translate(_UNDERSCORED)
                attributes[f"extension_{label}"] = values[0] if len(values) == 1 else list(values)
        return attributes

    def fault(self, attribute: str, reason: Reason, *, fatal: bool = True) -> Fault:
        line = self.lines.get(attribute.lower(), self.line)
        return Fault(line, self.dn, attribute, reason, fatal, self.names())


_UNDERSCORED = str.maketrans({"-": "_", ";": "_", ".": "_"})
