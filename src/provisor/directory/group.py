"""From an LDAP group (groupOfNames, groupOfUniqueNames, posixGroup, Active Directory) to a group in Graph's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisor.directory.dn import uid_key
from provisor.directory.ldap import Source
from provisor.directory.record import Fault, Record

NAMES: Mapping[str, tuple[str, ...]] = {
    "displayName": ("displayname", "cn"),
    "description": ("description",),
    "mail": ("mail",),
    "mailNickname": ("mailnickname",),
}


def read_group(source: Source, spelling: Mapping[str, str]) -> Iterator[Record | Fault]:
    """The group, or the fault that keeps it out: who cannot be read as a member would lose access as if removed."""
    members, faults = source.references("member", "uniquemember", vital=True)
    members |= dict.fromkeys(uid_key(uid) for uid in source.values.get("memberuid", ()))
    if faults:
        yield from faults[:1]
        return
    yield Record(
        line=source.line,
        key=source.key,
        type="Group",
        anchor=source.anchor(),
        attributes=source.graph(NAMES, frozenset(), spelling),
        references={"members": tuple(members)},
    )
