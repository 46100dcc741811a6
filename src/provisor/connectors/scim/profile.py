"""How an app departs from the standard: switches that its gallery file sets, and that an admin may override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from provisor.domain.error import Misconfigured
from provisor.domain.resource import Value

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"updateMethod": ("auto", "PATCH", "PUT")}
LARGEST_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Profile:
    """The switches, spelled as in the file; the defaults are what the standard says."""

    updateMethod: str = "auto"  # noqa: N815  (PATCH, unless the target says it has none)
    filter: bool = True  # False: accounts are found by listing all
    list: bool = True  # False: the target has no pages, so accounts are only found by filter
    count: bool = True  # False: a listing names no page size
    pageSize: int = 0  # noqa: N815  (accounts a page; 0: what the target says, or 100)
    bulk: bool = True  # False: never use /Bulk
    bulkOperations: int = 100  # noqa: N815  (accounts in one bulk request, at the most)
    discovery: bool = True  # False: do not ask for /ServiceProviderConfig
    booleansAsStrings: bool = False  # noqa: N815  (True and False as text)
    emailTypes: bool = True  # noqa: N815  (False: e-mail addresses are sent without a type)
    idFrom: str = "id"  # noqa: N815  (the attribute that names an account in its address)
    mediaType: str = "application/scim+json"  # noqa: N815


KNOWN: Final = {field.name: field.default for field in fields(Profile)}


def read_profile(profile: Mapping[str, Value], settings: Mapping[str, Value]) -> Profile:
    """The profile with the settings over it. Raises Misconfigured for a switch or a value that does not exist."""
    strange = sorted(set(profile) - set(KNOWN))
    if strange:
        raise Misconfigured(problem="UnknownSwitch", field=", ".join(strange), known=", ".join(KNOWN))
    chosen = {name: value for name, value in settings.items() if name in KNOWN and value not in (None, "")}
    given = {**profile, **chosen}
    for name, value in given.items():
        choices = CHOICES.get(name)
        if type(value) is not type(KNOWN[name]) or (choices and value not in choices):
            takes = ", ".join(choices) if choices else type(KNOWN[name]).__name__
            raise Misconfigured(problem="SwitchInvalid", field=name, value=value, known=takes)
    made = Profile(**given)  # type: ignore[arg-type]
    if not 0 <= made.pageSize <= LARGEST_PAGE:
        raise Misconfigured(
            problem="SwitchInvalid", field="pageSize", value=made.pageSize, known=f"0 to {LARGEST_PAGE}"
        )
    if made.bulkOperations < 1:
        raise Misconfigured(
            problem="SwitchInvalid", field="bulkOperations", value=made.bulkOperations, known="1 and up"
        )
    return made
