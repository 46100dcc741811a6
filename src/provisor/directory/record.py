"""What a directory file delivers: people and groups, and what could not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.domain.change import Reason
from provisor.domain.resource import Attributes, ResourceType


@dataclass(frozen=True, slots=True)
class Record:
    """One person or group as a source delivers it.

    `references` holds keys of other records under "members" and "manager"; a person also answers to its `aliases`
    (`uid=amy`), which is how a posixGroup names its members.
    """

    line: int  # where the record begins, from 1
    key: str  # how other records refer to it: the normalised distinguished name, or "userPrincipalName=…"
    type: ResourceType
    anchor: str  # stable identity inside the source: "entryUUID=…", "objectGUID=…", "employeeNumber=…", "uid=…", "dn=…"
    attributes: Attributes  # Microsoft Graph's property names; without accountEnabled, that stays as it is
    references: Mapping[str, tuple[str, ...]]
    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None  # the names of all groups that the person is in; None: not said


@dataclass(frozen=True, slots=True)
class Fault:
    """A record, or a part of one, that could not be taken, and why; it never quotes a value of the record."""

    line: int
    dn: str
    attribute: str
    reason: Reason
    fatal: bool  # True: the whole record was left out; False: a note, the record went in
    names: tuple[str, ...] = ()  # the record's key and anchors; none: nobody can say whose record it was
