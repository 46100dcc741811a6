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
    """The group, with a note for each attribute that names members in an unusable way."""
    members, notes = source.references("member", "uniquemember")
    members |= dict.fromkeys(uid_key(uid) for uid in source.values.get("memberuid", ()))
    yield from notes
    yield Record(
        line=source.line,
        key=source.key,
        type="Group",
        anchor=source.anchor(),
        attributes=source.graph(NAMES, frozenset(), spelling),
        references={"members": tuple(members)},
    )
