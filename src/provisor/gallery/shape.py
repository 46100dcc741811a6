"""The shape of a manifest file: what may be written where, and how it becomes a Manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisor.domain.assignment import AppRole
from provisor.domain.resource import ResourceType
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    AttributeType,
    FlowAction,
    FlowType,
    Mutability,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.gallery.manifest import CredentialField, Manifest, RateLimit, SettingField, SettingType

Text = Annotated[str, Field(min_length=1)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Guid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _RateLimit(_Table):
    default: Annotated[float, Field(gt=0)]
    hard: Annotated[float, Field(gt=0)]


class _Credential(_Table):
    key: Key
    label: Text
    required: bool = False
    secret: bool = False
    address: bool = False
    default: Text | None = None
    help: str = ""
    setting: Key | None = None
    choices: list[Text] = []
    methods: list[Text] = []


class _Setting(_Table):
    key: Key
    label: Text
    type: SettingType = "string"
    default: bool | int | str | None = None
    choices: list[Text] = []


class _AppRole(_Table):
    id: Guid
    value: str
    name: Text
    description: str = ""
    enabled: bool = True
    provisions: bool = True
    privileged: bool = False
    priority: Annotated[int, Field(ge=0)] = 0
    grant: dict[str, bool | int | str | list[str]] = {}


class _Attribute(_Table):
    name: Text
    type: AttributeType = "String"
    required: bool = False
    multivalued: bool = False
    case_exact: bool = False
    max_length: Annotated[int, Field(gt=0)] | None = None
    mutability: Mutability = "ReadWrite"
    filterable: bool = True


class _Mapping(_Table):
    target: Text
    source: Text | None = None
    flow_type: FlowType = "Always"
    matching_priority: Annotated[int, Field(ge=0)] = 0
    default: str | None = None
    flow_null_values: bool = False


class _ObjectMapping(_Table):
    name: Text
    source: ResourceType
    target: ResourceType
    enabled: bool = True
    flow_types: list[FlowAction] = ["Add", "Update"]
    attribute: Annotated[list[_Attribute], Field(min_length=1)]
    mapping: Annotated[list[_Mapping], Field(min_length=1)]

    def noun(self) -> ObjectMapping:
        return ObjectMapping(
            name=self.name,
            source=self.source,
            target=self.target,
            attributes=tuple(AttributeDefinition(**each.model_dump()) for each in self.attribute),
            mappings=tuple(AttributeMapping(**each.model_dump()) for each in self.mapping),
            enabled=self.enabled,
            flow_types=frozenset(self.flow_types),
        )


class _File(_Table):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    template: Key
    name: Text
    publisher: Text
    description: Text
    home_page: Annotated[str, Field(pattern=r"^https://\S+$")]
    categories: list[Text] = []
    keywords: list[Text] = []
    connector: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    rate_limit: _RateLimit
    requests: dict[Literal["Create", "Adopt", "Update", "Disable", "Delete"], float] = {}
    capabilities: dict[Key, bool] = {}
    credential: list[_Credential] = []
    setting: list[_Setting] = []
    profile: dict[Key, bool | int | str] = {}
    app_role: Annotated[list[_AppRole], Field(min_length=1)]
    object_mapping: Annotated[list[_ObjectMapping], Field(min_length=1)]


def manifest(table: Mapping[str, Any]) -> Manifest:
    """The manifest that a file's table describes; raises pydantic's ValidationError."""
    file = _File.model_validate(table)
    return Manifest(
        id=file.id,
        template=file.template,
        name=file.name,
        publisher=file.publisher,
        description=file.description,
        home_page=file.home_page,
        categories=tuple(file.categories),
        keywords=tuple(file.keywords),
        connector=file.connector,
        rate_limit=RateLimit(**file.rate_limit.model_dump()),
        requests=MappingProxyType({str(action): cost for action, cost in file.requests.items()}),
        capabilities=MappingProxyType(file.capabilities),
        credentials=tuple(_credential(each) for each in file.credential),
        settings=tuple(_setting(each) for each in file.setting),
        profile=MappingProxyType(dict(file.profile)),
        app_roles=tuple(_role(each) for each in file.app_role),
        schema=SynchronizationSchema(tuple(each.noun() for each in file.object_mapping)),
    )


def _credential(row: _Credential) -> CredentialField:
    table = row.model_dump()
    return CredentialField(**{**table, "choices": tuple(row.choices), "methods": tuple(row.methods)})


def _setting(row: _Setting) -> SettingField:
    return SettingField(row.key, row.label, row.type, row.default, tuple(row.choices))


def _role(row: _AppRole) -> AppRole:
    return AppRole(
        id=row.id,
        value=row.value,
        display_name=row.name,
        description=row.description,
        enabled=row.enabled,
        provisions=row.provisions,
        privileged=row.privileged,
        priority=row.priority,
        grant=dict(row.grant),
    )


_PLAIN: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that belongs here",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "string_too_short": "must not be empty",
    "too_short": "must have at least one entry",
}


def explain(error: ValidationError) -> str:
    """What is wrong and where, in plain words: `credential 3, required: must be true or false`."""
    problems: dict[str, str] = {}
    for each in error.errors(include_url=False):
        where = ""
        for step in each["loc"]:
            where += f" {step + 1}" if isinstance(step, int) else f", {step}"
        wrong = _PLAIN.get(each["type"]) or re.sub(r"^\w+ should", "must", each["msg"])
        problems.setdefault(where.removeprefix(", "), wrong)
    return "; ".join(f"{where}: {wrong}" for where, wrong in problems.items())
