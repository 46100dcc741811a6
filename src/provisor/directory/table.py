"""CSV files: a stream of bytes in, people with the groups they are in, and faults out, one row after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from provisor.directory import person
from provisor.directory.columns import LOGIN, Columns, Layout, folded, read_header
from provisor.directory.dn import fold
from provisor.directory.record import Fault, Record
from provisor.directory.rows import Row, read_rows
from provisor.domain.change import Reason
from provisor.domain.error import Refused
from provisor.domain.resource import Value
from provisor.text.cell import SEPARATOR, fuse, parted

NAME_LIMIT = 256  # characters of a login, an anchor or a group's name: they become database keys

_ACCOUNTDISABLE = 2  # userAccountControl (MS-ADTS 2.2.16)
_YES = frozenset({"true", "yes", "y", "t", "1", "on", "active", "enabled"})
_NO = frozenset({"false", "no", "n", "f", "0", "off", "inactive", "disabled", "terminated"})
_REVERSED = frozenset({"disabled", "accountdisabled", "nsaccountlock", "logindisabled"})


def read_csv(stream: BinaryIO, layout: Layout) -> Iterator[Record | Fault]:
    """Every person, a fatal fault for each row left out, and notes on what became of the columns.

    Where there are managers, everybody is told at the end: a manager may be named by an address that a later row has.
    Raises what reading the stream raises, and Refused where the header cannot be used.
    """
    rows = read_rows(stream, layout.delimiter)
    head = next(rows, None)
    if head is None:
        return
    if head.reason is not None:
        raise Refused("CsvHeaderUnreadable", why=head.reason.code, line=head.line, **head.reason.parameters)
    columns = read_header(head.cells, layout)
    yield from columns.notes(head.line)
    table = _Table(columns, layout)
    people: list[Record] = []
    for row in rows:
        found = table.read(row)
        if isinstance(found, Record) and "manager" in columns.properties:
            people.append(found)
        else:
            yield found
    yield from (table.managed(one) for one in people)


def _sound(text: str) -> bool:
    return not any(character == "\0" or "\udc80" <= character <= "\udcff" for character in text)


class _Unreadable(Exception):
    """This row cannot be taken; the message never quotes a value."""

    def __init__(self, column: int, code: str, **parameters: str) -> None:
        super().__init__(code)
        self.column, self.reason = column, Reason(code, parameters)


@dataclass(frozen=True, slots=True)
class _Name:
    """Who a row is of."""

    key: str
    anchor: str
    login: str


class _Table:
    """Reads rows, and remembers whom managers may be named by."""

    def __init__(self, columns: Columns, layout: Layout) -> None:
        self._columns, self._layout = columns, layout
        self._logins: dict[str, str] = {}  # keys by address, login or mail; of two people, the first
        self._anchors: set[str] = set()

    def read(self, row: Row) -> Record | Fault:
        columns = self._columns
        if row.reason is not None:
            names = self._names(row.cells)
            return Fault(row.line, "", self._heading(row.column), row.reason, fatal=True, names=names)
        if len(row.cells) != len(columns.header):
            parameters = {"cells": str(len(row.cells)), "expected": str(len(columns.header))}
            return Fault(row.line, "", "", Reason("CsvWrongWidth", parameters), fatal=True)
        login = ""
        try:
            name = self._name(row.cells)
            login = name.login
            return self._record(row, name)
        except _Unreadable as why:
            names = self._names(row.cells)
            return Fault(row.line, login, self._heading(why.column), why.reason, fatal=True, names=names)

    def managed(self, record: Record) -> Record:
        """The record with its manager's key: by login or mail where it is an address, by anchor otherwise."""
        [named] = record.references.get("manager", ("",))
        if not named:
            return replace(record, references={})
        label = self._columns.anchors[0][0]
        anchor, login = f"{label}={named}", f"{LOGIN}={named}"
        if "@" in named:
            key = self._logins.get(named, anchor if anchor in self._anchors else login)
        else:
            key = self._logins[named] if named in self._logins and anchor not in self._anchors else anchor
        return replace(record, references={"manager": (key,)})

    # ---- who ------------------------------------------------------------------------------------------------

    def _name(self, cells: Sequence[str]) -> _Name:
        column = self._columns.properties.get(LOGIN, -1)
        mail = self._columns.properties.get("mail", -1)
        login = self._cell(cells, LOGIN) or self._cell(cells, "mail")
        column = column if self._cell(cells, LOGIN) or mail < 0 else mail
        if not login:
            raise _Unreadable(column, "MissingValues")
        if len(login) > NAME_LIMIT:
            raise _Unreadable(column, "CsvTooLong", limit=str(NAME_LIMIT))
        key = f"{LOGIN}={fold(login)}"
        for label, where in self._columns.anchors:
            value = fold(fuse(cells[where]))
            if value and len(value) <= NAME_LIMIT:
                return _Name(key, f"{label}={value}", login)
        if self._columns.chosen:
            raise _Unreadable(self._columns.anchors[0][1], "CsvNoAnchor")
        return _Name(key, key, login)

    def _names(self, cells: Sequence[str]) -> tuple[str, ...]:
        """All that an entry of this row may be known by; none where the row does not say it beyond doubt."""
        if len(cells) != len(self._columns.header):
            return ()
        wanted = {label: cells[column] for label, column in self._columns.anchors}
        wanted[LOGIN] = self._cell(cells, LOGIN) or self._cell(cells, "mail")
        if any(not _sound(value) for value in wanted.values()):
            return ()
        return tuple(f"{label}={fold(fuse(value))}" for label, value in wanted.items() if value.strip())

    def _heading(self, column: int | None) -> str:
        header = self._columns.header
        return "" if column is None or not 0 <= column < len(header) else header[column] or f"#{column + 1}"

    # ---- what -----------------------------------------------------------------------------------------------

    def _record(self, row: Row, name: _Name) -> Record:
        attributes = self._attributes(row.cells) | {LOGIN: name.login}
        if (enabled := self._enabled(row.cells)) is not None:
            attributes["accountEnabled"] = enabled
        whole = " ".join(str(attributes[one]) for one in ("givenName", "surname") if one in attributes)
        if "displayName" not in attributes and whole:
            attributes["displayName"] = whole
        alias = name.anchor if name.anchor != name.key else None
        self._anchors.add(name.anchor)
        self._logins[name.key.removeprefix(f"{LOGIN}=")] = name.key
        if mail := attributes.get("mail"):
            self._logins.setdefault(fold(str(mail)), name.key)
        manager = fold(self._cell(row.cells, "manager"))
        return Record(
            line=row.line,
            key=name.key,
            type="User",
            anchor=name.anchor,
            attributes=attributes,
            references={"manager": (manager,)} if manager else {},
            aliases=(alias,) if alias else (),
            groups=self._groups(row.cells),
        )

    def _attributes(self, cells: Sequence[str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, column in {**self._columns.properties, **self._columns.others}.items():
            value = fuse(cells[column])
            if not value.strip() or name in ("id", "manager", "groups", "accountEnabled"):
                continue
            if name in person.LISTS:
                found[name] = self._parts(value)
            else:
                found[name] = value.strip() if name == "mail" else value
        return found

    def _enabled(self, cells: Sequence[str]) -> bool | None:
        """None: not said. Raises where it is no word that we know: nobody is taken for enabled by mistake."""
        column = self._columns.properties.get("accountEnabled")
        word = "" if column is None else cells[column].strip().casefold()
        if column is None or not word:
            return None
        heading = folded(self._columns.header[column])
        if heading == "useraccountcontrol" and word.isdecimal() and word.isascii():
            return not int(word) & _ACCOUNTDISABLE
        if word not in _YES | _NO or heading == "useraccountcontrol":
            raise _Unreadable(column, "InvalidValue")
        return (word in _YES) != (heading in _REVERSED)

    def _groups(self, cells: Sequence[str]) -> tuple[str, ...] | None:
        column = self._columns.properties.get("groups")
        if column is None:
            return None
        names = self._parts(fuse(cells[column]))
        if any(len(name) > NAME_LIMIT for name in names):
            raise _Unreadable(column, "CsvTooLong", limit=str(NAME_LIMIT))
        return tuple(names)

    def _parts(self, cell: str) -> list[str]:
        separator = self._layout.separator
        values = parted(cell) if separator == SEPARATOR else cell.split(separator)
        return [value for value in map(str.strip, values) if value]

    def _cell(self, cells: Sequence[str], property_: str) -> str:
        column = self._columns.properties.get(property_)
        return "" if column is None else fuse(cells[column]).strip()
