"""What flows where: the noun behind Graph's synchronizationSchema."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from provisor.domain.resource import ResourceType

AttributeType: TypeAlias = Literal["String", "Boolean", "Integer", "DateTime", "Reference", "Binary"]
Mutability: TypeAlias = Literal["ReadWrite", "ReadOnly", "Immutable", "WriteOnly"]
FlowType: TypeAlias = Literal["Always", "ObjectAddOnly", "MultiValueAddOnly"]
FlowAction: TypeAlias = Literal["Add", "Update", "Delete"]
FilterOperator: TypeAlias = Literal[
    "EQUALS",
    "NOT EQUALS",
    "IS TRUE",
    "IS FALSE",
    "IS NULL",
    "IS NOT NULL",
    "REGEX MATCH",
    "NOT REGEX MATCH",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUALS",
    "INCLUDES",
    "ENDS_WITH",
    "&",
    "!&",
]


class AttributeDefinition(Struct, frozen=True):
    """One attribute that a system holds, and what it takes.

    ReadOnly: never written · Immutable: written at creation only · WriteOnly: never shown, so never compared with what
    the target says. `filterable`: the target takes it in a filter.
    """

    name: str
    type: AttributeType = "String"
    required: bool = False
    multivalued: bool = False
    case_exact: bool = False
    max_length: int | None = None
    mutability: Mutability = "ReadWrite"
    filterable: bool = True

    @property
    def findable(self) -> bool:
        """Can the target be asked which account has a value of it?"""
        return self.filterable and not self.multivalued and self.mutability != "WriteOnly"


class AttributeMapping(Struct, frozen=True):
    """One target attribute and the expression that gives its value.

    `source` is an expression: `[mail]` is direct, `"text"` a constant, anything else is computed; None leaves
    the attribute alone but for `default`, which is used on creation only, where the source gives nothing.
    A `matching_priority` above 0 marks a matching attribute; the lowest is tried first. `flow_null_values`: where the
    source gives nothing, the target's value is cleared; else it is left alone (Entra's way).
    """

    target: str
    source: str | None
    flow_type: FlowType = "Always"
    matching_priority: int = 0
    default: str | None = None
    flow_null_values: bool = False


class FilterClause(Struct, frozen=True):
    """One condition on a source attribute. `value` is None for operators that take none."""

    attribute: str
    operator: FilterOperator
    value: str | None = None


class FilterGroup(Struct, frozen=True):
    """Clauses that must all hold (Graph's filterGroup)."""

    name: str
    clauses: tuple[FilterClause, ...]


class ObjectMapping(Struct, frozen=True):
    """One pair of object types, such as User to User, and what flows between them.

    `scope_filter`: whoever meets one of its groups is in scope; without a group everybody is. `source_attributes` are
    those that the directory holds beside the ones that every directory has.
    """

    name: str
    source: ResourceType
    target: ResourceType
    attributes: tuple[AttributeDefinition, ...]
    mappings: tuple[AttributeMapping, ...]
    enabled: bool = True
    flow_types: frozenset[FlowAction] = frozenset({"Add", "Update"})
    scope_filter: tuple[FilterGroup, ...] = ()
    source_attributes: tuple[AttributeDefinition, ...] = ()

    @property
    def matching(self) -> tuple[AttributeMapping, ...]:
        """The matching mappings, in order of precedence."""
        chosen = (mapping for mapping in self.mappings if mapping.matching_priority > 0)
        return tuple(sorted(chosen, key=lambda mapping: mapping.matching_priority))

    def definition(self, attribute: str) -> AttributeDefinition | None:
        return next((definition for definition in self.attributes if definition.name == attribute), None)


class SynchronizationSchema(Struct, frozen=True):
    """The whole of a job's mappings. Every version is kept."""

    object_mappings: tuple[ObjectMapping, ...]
    version: int = 1

    def mapping_for(self, resource_type: ResourceType) -> ObjectMapping | None:
        return next((m for m in self.object_mappings if m.source == resource_type and m.enabled), None)
