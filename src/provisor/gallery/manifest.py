"""What the gallery says about an app: who makes it, how to reach it, and what flows into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provisor.domain.assignment import AppRole
from provisor.domain.error import Refused
from provisor.domain.resource import Value
from provisor.domain.schema import SynchronizationSchema

SettingType: TypeAlias = Literal["boolean", "integer", "string"]

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests a second: what is sent at first, and what the target bears at most."""

    default: float
    hard: float


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing that a connection to the app needs.

    `secret`: stored sealed and never shown. `address`: a change of it clears the secrets. `setting`: the server's
    setting that may give the value, so that nobody is asked. `choices`: the ways of signing in, of which this field
    names one; a change clears the secrets, too. `methods`: those of them that the field is for; empty: all.
    """

    key: str
    label: str
    required: bool = False
    secret: bool = False
    address: bool = False
    default: str | None = None
    help: str = ""
    setting: str | None = None
    choices: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingField:
    """One choice that an app's connection offers; `choices` empty: any value of the type."""

    key: str
    label: str
    type: SettingType = "string"
    default: Value = None
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> Value:
        """The typed value of what somebody wrote; raises Refused (SettingInvalid) naming key, value and choices."""
        wanted = text.strip()
        if self.type == "boolean":
            if wanted.lower() in _BOOLEANS:
                return _BOOLEANS[wanted.lower()]
            raise self._refused(text, "true, false")
        if self.type == "integer":
            try:
                return int(wanted)
            except ValueError:
                raise self._refused(text, "a whole number") from None
        if self.choices and wanted not in self.choices:
            raise self._refused(text, ", ".join(self.choices))
        return wanted

    def _refused(self, text: str, choices: str) -> Refused:
        return Refused("SettingInvalid", key=self.key, value=text[:100], choices=choices)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One app of the gallery, checked: whoever holds one need not doubt it."""

    id: str
    template: str  # the first part of a job's id
    name: str
    publisher: str
    description: str
    home_page: str
    categories: tuple[str, ...]
    keywords: tuple[str, ...]
    connector: str
    rate_limit: RateLimit
    requests: Mapping[str, float]  # that an action costs, by its name: what a plan's time is reckoned from
    capabilities: Mapping[str, bool]
    credentials: tuple[CredentialField, ...]
    settings: tuple[SettingField, ...]
    profile: Mapping[str, Value]  # how the app departs from the protocol, in the connector's own words
    app_roles: tuple[AppRole, ...]
    schema: SynchronizationSchema

    def asked(self, given: Mapping[str, str]) -> Sequence[CredentialField]:
        """The credentials that the chosen way of signing in has."""
        chosen = {given.get(field.key) or field.default for field in self.credentials if field.choices}
        return [field for field in self.credentials if not field.methods or chosen.intersection(field.methods)]
