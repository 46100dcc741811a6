"""Members of JSON objects, taken one by one: what is missing, of another type or not known is noted with its path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from provisor.domain.change import Reason
from provisor.schema.fault import Fault
from provisor.schema.validate import LARGEST_PRIORITY, suggestion

T = TypeVar("T", bound=str)


class Notes:
    """The faults of one document. `whole`: everything in it could be taken, though perhaps not as it stands."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.whole = True

    def fault(self, path: str, reason: Reason) -> None:
        self.faults.append(Fault(path, reason))

    def members(self, value: object, path: str, known: Collection[str], passed_over: Collection[str] = ()) -> Members:
        """The members of an object; those that are neither known nor passed over are faults."""
        if not isinstance(value, dict):
            self.whole = False
            self.fault(path or "$", Reason("MemberOfAnotherType", {"expected": "an object"}))
            return Members(self, path, {})
        for name in value:
            if name not in known and name not in passed_over and "@" not in name:
                told = {"member": name[:80], **suggestion(name, list(known))}
                self.fault(_joined(path, name), Reason("MemberUnknown", told))
        return Members(self, path, value)


class Members:
    """One object of the document. A member that is null counts as not written."""

    def __init__(self, notes: Notes, path: str, held: Mapping[str, Any]) -> None:
        self.notes, self.path, self._held = notes, path, held

    def __contains__(self, name: str) -> bool:
        return self._held.get(name) is not None

    def at(self, name: str) -> str:
        return _joined(self.path, name)

    def value(self, name: str) -> Any:
        return self._held.get(name)

    def needed(self, name: str) -> str:
        """A text that must be there."""
        if name not in self:
            self.missing(name)
            return ""
        return self.text(name) or ""

    def missing(self, name: str) -> None:
        self.notes.whole = False
        self.notes.fault(self.at(name), Reason("MemberMissing", {"member": name}))

    def text(self, name: str) -> str | None:
        found = self._held.get(name)
        if found is None or isinstance(found, str):
            return found
        self.wrong(name, "a text")
        return None

    def flag(self, name: str, otherwise: bool) -> bool:
        found = self._held.get(name)
        if found is None or isinstance(found, bool):
            return otherwise if found is None else found
        self.wrong(name, "true or false")
        return otherwise

    def number(self, name: str) -> int:
        found = self._held.get(name)
        if found is None:
            return 0
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= LARGEST_PRIORITY:
            return found
        self.wrong(name, "a whole number that is not negative")
        return 0

    def choice(self, name: str, choices: Mapping[str, T], otherwise: T) -> T:
        """One of the choices, which are folded, in any case."""
        found = self.text(name)
        if found is None:
            return otherwise
        if found.strip().casefold() not in choices:
            self.none_of(name, found, choices)
            return otherwise
        return choices[found.strip().casefold()]

    def none_of(self, name: str, found: str, choices: Mapping[str, str]) -> None:
        told = {"value": found[:80], "choices": ", ".join(choices.values())}
        self.notes.fault(self.at(name), Reason("MemberNoneOf", told))

    def items(self, name: str) -> Iterator[tuple[str, Any]]:
        """Each item of a list, with its path."""
        found = self._held.get(name)
        if found is None:
            return
        if not isinstance(found, list):
            self.wrong(name, "a list")
            self.notes.whole = False
            return
        for number, item in enumerate(found):
            yield f"{self.at(name)}[{number}]", item

    def wrong(self, name: str, expected: str) -> None:
        self.notes.fault(self.at(name), Reason("MemberOfAnotherType", {"expected": expected}))

    def unused(self, *names: str) -> None:
        """What Graph has and we do not do: it must be empty, for to pass it over would change what it means."""
        for name in names:
            found = self._held.get(name)
            if found not in (None, [], {}) and not (isinstance(found, dict) and not any(found.values())):
                self.notes.fault(self.at(name), Reason("MemberNotSupported", {"member": name}))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
