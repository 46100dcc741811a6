"""What the columns of a CSV file hold, told from their names or by a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from provisor.directory import person
from provisor.directory.ldap import BINARY, UNKEPT, is_secret
from provisor.directory.record import Fault
from provisor.domain.change import Reason
from provisor.domain.error import Refused
from provisor.text.cell import SEPARATOR

LIMIT = 1000  # columns of one file
IGNORE = "-"
LOGIN = "userPrincipalName"
PROPERTIES = (*person.NAMES, "accountEnabled", "manager", "groups", "id")
"""What a column may hold: a user's properties in Graph's names, the groups that the user is in, and a lasting id."""

_HR: Mapping[str, tuple[str, ...]] = {
    "id": ("objectid", "objectguid", "entryuuid", "guid"),
    "userPrincipalName": ("upn", "login", "loginname", "signinname", "principalname"),
    "displayName": ("name", "fullname"),
    "givenName": ("firstname", "forename"),
    "surname": ("lastname", "familyname"),
    "mail": ("email", "emailaddress", "mailaddress", "workemail"),
    "employeeId": ("employeeno", "personnelnumber", "personnelid", "staffid", "staffnumber"),
    "jobTitle": ("position",),
    "department": ("dept",),
    "businessPhones": ("phone", "phonenumber", "businessphone", "workphone", "telephone"),
    "mobilePhone": ("mobilenumber", "cellphone"),
    "officeLocation": ("office",),
    "companyName": ("organization", "organisation"),
    "postalCode": ("zip", "zipcode", "postcode"),
    "streetAddress": ("address",),
    "city": ("town",),
    "state": ("province",),
    "manager": ("managerid", "supervisor", "reportsto"),
    "groups": ("group",),
    "accountEnabled": (
        *("enabled", "active", "isactive", "employeestatus", "accountstatus"),
        *("disabled", "accountdisabled", "nsaccountlock", "logindisabled", "useraccountcontrol"),
    ),
}
_LOST = frozenset({"source", "deleteddatetime", "ismemberof", "objectclass", "directreports"})
"""Columns of an export that say nothing of the person."""

_UNLABELLED = re.compile(r"\W+")

ANCHORS = ("id", "employeeId", LOGIN)
"""What identifies a person when the login changes, the best first."""

DECISIVE = frozenset({*ANCHORS, "mail", "accountEnabled", "manager", "groups"})
"""Who somebody is, and what they may: of two columns for one of these, a person says which it is."""


def folded(name: str) -> str:
    """A column's name as it is compared: `Given Name`, `given_name` and `givenName` are one."""
    return re.sub(r"[\s_.-]+", "", name).casefold()


def _meanings() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for names in ({name: (name,) for name in PROPERTIES}, _HR, person.NAMES):
        for property_, others in names.items():
            for other in others:
                found.setdefault(folded(other), property_)
    return found


MEANINGS = _meanings()


@dataclass(frozen=True, slots=True)
class Layout:
    """What a person says of a CSV file; what is not said is told from its first line."""

    delimiter: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)  # column → property, or IGNORE
    anchor: str | None = None  # a column
    groups: str | None = None  # a column
    separator: str = SEPARATOR  # between the groups of a cell, and the values of a list


@dataclass(frozen=True, slots=True)
class Columns:
    """Where everything is in a row."""

    header: tuple[str, ...]
    properties: Mapping[str, int]  # by property
    others: Mapping[str, int]  # by `extension_…`
    left: tuple[str, ...]  # names of columns that are not looked at
    anchors: Sequence[tuple[str, int]]  # label and column; the first that has a value counts
    chosen: bool  # a person named the anchor: nothing else will do

    def notes(self, line: int) -> Iterator[Fault]:
        label, column = self.anchors[0]
        named = Reason("CsvAnchor", {"column": self.header[column], "property": label})
        yield Fault(line, "", "", named, fatal=False)
        kept = ", ".join(self.header[column] for column in self.others.values())
        if kept:
            yield Fault(line, "", "", Reason("CsvColumnsKept", {"columns": kept}), fatal=False)
        if self.left:
            yield Fault(line, "", "", Reason("CsvColumnsLeft", {"columns": ", ".join(self.left)}), fatal=False)


def read_header(header: Sequence[str], layout: Layout) -> Columns:
    """What each column holds. Refused where it is in doubt, or where nobody could be told apart."""
    header = tuple(name.strip() for name in header)
    _check_header(header)
    said = {_column(header, name): _property(word) for name, word in layout.names.items()}
    if layout.groups is not None:
        said[_column(header, layout.groups)] = "groups"
    properties: dict[str, int] = {}
    for column, property_ in said.items():
        if property_ in properties:
            other = header[properties[property_]]
            raise Refused("CsvMappedTwice", property=property_, columns=f"{other}, {header[column]}")
        if property_ != IGNORE:
            properties[property_] = column
    for column in sorted(set(range(len(header))) - said.keys(), key=lambda n: folded(header[n]) not in _OWN):
        meant = MEANINGS.get(folded(header[column]))
        if meant in DECISIVE and properties.get(meant, column) not in {column, *said}:
            raise Refused("CsvMappedTwice", property=meant, columns=f"{header[properties[meant]]}, {header[column]}")
        if meant:
            properties.setdefault(meant, column)
    others, left = _others(header, {*said, *properties.values()})
    left += [header[column] for column, property_ in said.items() if property_ == IGNORE]
    if LOGIN not in properties and "mail" not in properties:
        raise Refused("CsvMissingColumn", missing=f"{LOGIN} / mail", found=", ".join(filter(None, header)))
    anchors = _anchors(header, properties, layout)
    return Columns(header, properties, others, tuple(left), anchors, layout.anchor is not None)


_OWN = {folded(name): name for name in PROPERTIES}  # Graph's own names come before other words for the same


def _property(word: str) -> str:
    if word.strip() == IGNORE:
        return IGNORE
    if folded(word) not in _OWN:
        raise Refused("CsvUnknownProperty", property=word, known=", ".join(PROPERTIES))
    return _OWN[folded(word)]


def _check_header(header: tuple[str, ...]) -> None:
    if len(header) > LIMIT:
        raise Refused("CsvTooManyColumns", count=len(header), limit=LIMIT)
    often = [name for name, count in Counter(map(folded, header)).items() if name and count > 1]
    if often:
        twice = ", ".join(name for name in header if folded(name) == often[0])
        raise Refused("CsvDuplicateColumn", columns=twice)


def _column(header: tuple[str, ...], name: str) -> int:
    """Where the column of that name is, spelled alike or nearly so."""
    for column, other in enumerate(header):
        if folded(other) == folded(name):
            return column
    raise Refused("CsvUnknownColumn", column=name, found=", ".join(filter(None, header)))


def _others(header: tuple[str, ...], taken: set[int]) -> tuple[dict[str, int], list[str]]:
    """Columns that are kept under their own name, and the names of those that are left out: secrets, for one."""
    others: dict[str, int] = {}
    left = []
    for column, name in enumerate(header):
        plain = folded(name)
        label = "extension_" + _UNLABELLED.sub("_", name.removeprefix("extension_"))
        if column in taken:
            continue
        if not plain or is_secret(plain) or plain in BINARY | UNKEPT | _LOST or label in others:
            left.append(name or f"#{column + 1}")
        else:
            others[label] = column
    return others, left


def _anchors(header: tuple[str, ...], properties: Mapping[str, int], layout: Layout) -> Sequence[tuple[str, int]]:
    if layout.anchor is not None:
        column = _column(header, layout.anchor)
        named = {column: property_ for property_, column in properties.items()}
        return [(named.get(column, folded(header[column])), column)]
    found = [(name, properties[name]) for name in ANCHORS if name in properties]
    return found if LOGIN in properties else [*found, (LOGIN, properties["mail"])]
