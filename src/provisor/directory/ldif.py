"""LDIF files (RFC 2849): a stream of bytes in, people, groups and faults out, in bounded memory."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import BinaryIO

from provisor.directory import fold, group, person
from provisor.directory.dn import TYPES, InvalidDistinguishedName, normalize_dn
from provisor.directory.ldap import ANCHORS, BINARY, MEMBERS, Source, guid, is_secret
from provisor.directory.record import Fault, Record
from provisor.domain.change import Reason

RECORD_LIMIT = 1 << 20  # weight of one record without its members
MEMBERS_LIMIT = 1 << 25  # weight of one record's members: some 250,000 of them
NAMES_LIMIT = 1000  # attribute names that one file may have counted or spelled in its own way
_WEIGHT = 64  # what a value weighs beside its bytes

_LINE = re.compile(rb"([A-Za-z0-9][A-Za-z0-9._-]{0,127})((?:;[A-Za-z0-9=*._-]{1,127}){0,8}+):([:<]?) *+(.*)", re.DOTALL)
_TEXTUAL = frozenset(name for names in (*person.NAMES.values(), *group.NAMES.values()) for name in names) | {
    *("objectclass", "manager", "useraccountcontrol", "nsaccountlock", "pwdaccountlockedtime", "logindisabled"),
    *("employeestatus", "accountstatus", "entryuuid", *MEMBERS),
}
_LDAPSEARCH = frozenset({"search", "ref"})  # what ldapsearch prints beside the records


def read_ldif(stream: BinaryIO) -> Iterator[Record | Fault]:
    """Every person and group, a fatal fault for each record left out, and at the end notes on what was skipped.

    Containers and computers are passed over and counted in a note. Raises only what reading the stream raises.
    """
    tally, draft, untouched = _Tally(), None, True
    for line in fold.read_lines(stream):
        if not line.data:
            if draft is not None:
                yield from draft.finish()
            draft = None
            continue
        if untouched:
            untouched = False
            if line.data.startswith((b"\xff\xfe", b"\xfe\xff")):
                yield Fault(line.number, "", "", Reason("LdifEncoding", {"encoding": "UTF-16"}), fatal=True)
                return
            if line.data.startswith(b"version:"):
                continue
        draft = draft or _Draft(tally)
        draft.add(line)
    yield from tally.notes()


class _Unreadable(Exception):
    """This record cannot be taken; the message never quotes a value."""

    def __init__(self, attribute: str, code: str, **parameters: str) -> None:
        super().__init__(code)
        self.attribute, self.reason = attribute, Reason(code, parameters)


@dataclass(frozen=True, slots=True)
class _Value:
    """One line of a record, taken apart but not decoded."""

    name: str  # as written
    folded: str  # as compared
    options: tuple[str, ...]
    mark: bytes  # b"", b":" base64, b"<" URL
    data: bytes
    line: fold.Line

    def decoded(self) -> bytes:
        if self.line.cut:
            raise _Unreadable(self.name, "LdifTooLong", limit=str(fold.LIMIT))
        if self.mark == b"<":
            raise _Unreadable(self.name, "LdifUrlRefused")
        try:
            return base64.b64decode(self.data.rstrip(), validate=True) if self.mark else self.data
        except ValueError:
            raise _Unreadable(self.name, "LdifInvalidBase64") from None

    def text(self) -> str | None:
        """The value as text; None: it is binary, and nothing that we need as text."""
        data = self.decoded()
        if self.folded == "objectguid":
            return guid(data)
        try:
            text = data.decode()
            code = "LdifNul" if "\0" in text else None
        except UnicodeDecodeError:
            text, code = "", "LdifInvalidText"
        if code and (not self.mark or self.folded in _TEXTUAL):
            raise _Unreadable(self.name, code)
        return None if code else text


def _take_apart(line: fold.Line) -> _Value:
    found = _LINE.fullmatch(line.data)
    if found is None:
        raise _Unreadable("", "LdifMalformed")
    name, options, mark, data = found.groups()
    return _Value(*_described(name, options), mark, data, line)


@lru_cache(maxsize=512)
def _described(name: bytes, options: bytes) -> tuple[str, str, tuple[str, ...]]:
    spelled = name.decode("ascii")
    folded = TYPES.get(spelled.lower(), spelled.lower())
    return spelled, folded, tuple(options.decode("ascii").lower().split(";")[1:])


class _Draft:
    """One record while its lines come in; one with a fault is read on, but only to learn whose it is."""

    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        self._source: Source | None = None
        self._fault: Fault | None = None
        self._notes: list[Fault] = []
        self._weight = {True: 0, False: 0}  # of the members, of the rest
        self._aside = False
        self._torn = False  # lines of another record may have got into this one, or its own identity is lost

    def add(self, line: fold.Line) -> None:
        try:
            value = _take_apart(line)
            if self._source is None:
                self._begin(value)
            else:
                self._take(value, self._source)
        except _Unreadable as why:
            dn = self._source.dn if self._source else ""
            self._fault = self._fault or Fault(line.number, dn, why.attribute, why.reason, fatal=True)
            self._torn = self._torn or why.reason.code == "LdifMalformed" or why.attribute.lower() in ANCHORS

    def finish(self) -> Iterator[Record | Fault]:
        source = self._source
        if self._fault is not None:
            yield replace(self._fault, names=() if source is None or self._torn else source.names())
        elif source is not None:
            yield from self._notes
            source.untag()
            kind = source.type()
            if kind == "User":
                yield from person.read_person(source, self._tally.spelling)
            elif kind == "Group":
                yield from group.read_group(source, self._tally.spelling)
            elif "objectclass" in source.values:
                self._tally.passed.add(source.line, source.dn)
            else:
                yield source.fault("objectClass", Reason("LdifNoObjectClass"))

    def _begin(self, value: _Value) -> None:
        if self._aside or value.folded in _LDAPSEARCH:
            self._aside = True
            if value.folded == "result" and value.data.split()[:1] != [b"0"]:  # a size or time limit was hit
                raise _Unreadable("result", "LdifIncomplete")
            return
        if value.folded != "dn":
            raise _Unreadable("dn", "LdifNoName")
        dn = value.text() or ""
        try:
            self._source = Source(value.line.number, dn, normalize_dn(dn))
        except InvalidDistinguishedName as error:
            raise _Unreadable("dn", error.code, **error.reason.parameters) from None

    def _take(self, value: _Value, source: Source) -> None:
        if value.folded == "dn":
            raise _Unreadable("dn", "LdifMalformed")  # the blank line between two records is missing
        if not source.values and value.folded in {"control", "changetype"}:
            change = (value.text() or "").strip().lower() if value.folded == "changetype" else "add"
            if change != "add":
                known = change if change in {"modify", "delete", "modrdn", "moddn"} else ""
                raise _Unreadable("changetype", "LdifChangeNotApplied", changetype=known)
            return
        if is_secret(value.folded):
            return
        if value.folded in BINARY or "binary" in value.options:
            if value.mark == b"<":
                self._notes.append(
                    Fault(value.line.number, source.dn, value.name, Reason("LdifUrlRefused"), fatal=False)
                )
            self._tally.skip(value, source)
            return
        text = value.text()
        if text is None:
            self._tally.skip(value, source)
        elif text.strip():
            self._keep(value, text, source)

    def _keep(self, value: _Value, text: str, source: Source) -> None:
        name = value.folded
        for option in value.options:
            if option.startswith("lang-"):
                name = f"{value.folded};{option}"
            if option.startswith("range=") and not option.endswith("-*"):  # MS-ADTS 3.1.1.3.1.3.3: there is more of it
                raise _Unreadable(value.name, "LdifIncomplete")
        many = value.folded in MEMBERS
        self._weight[many] += _WEIGHT + len(value.data)
        if self._weight[many] > (MEMBERS_LIMIT if many else RECORD_LIMIT):
            raise _Unreadable(value.name, "LdifTooLong", limit=str(MEMBERS_LIMIT if many else RECORD_LIMIT))
        source.values.setdefault(name, []).append(text)
        source.lines.setdefault(name, value.line.number)
        self._tally.spell(name, name.replace(value.folded, value.name, 1))


@dataclass(slots=True)
class _Count:
    """How often something was met, and where first."""

    count: int = 0
    line: int = 0
    dn: str = ""

    def add(self, line: int, dn: str) -> None:
        if not self.count:
            self.line, self.dn = line, dn
        self.count += 1

    def note(self, attribute: str, code: str) -> Fault:
        return Fault(self.line, self.dn, attribute, Reason(code, {"count": str(self.count)}), fatal=False)


@dataclass(slots=True)
class _Tally:
    """What a file is remembered by: the spelling of its attribute names and what of it was skipped."""

    spelling: dict[str, str] = field(default_factory=dict)
    passed: _Count = field(default_factory=_Count)
    binary: dict[str, tuple[str, _Count]] = field(default_factory=dict)

    def spell(self, name: str, written: str) -> None:
        if len(self.spelling) < NAMES_LIMIT:
            self.spelling.setdefault(name, written)

    def skip(self, value: _Value, source: Source) -> None:
        name = value.folded if value.folded in self.binary or len(self.binary) < NAMES_LIMIT else ""
        self.binary.setdefault(name, (value.name if name else "", _Count()))[1].add(value.line.number, source.dn)

    def notes(self) -> Iterator[Fault]:
        """One note for each binary attribute name, and one for all objects that are neither person nor group."""
        for name, count in self.binary.values():
            yield count.note(name, "LdifBinarySkipped")
        if self.passed.count:
            yield self.passed.note("objectClass", "LdifPassedOver")
