"""What flows where: the noun behind Graph's synchronizationSchema."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from provisor.domain.resource import ResourceType

AttributeType: TypeAlias = Literal["String", "Boolean", "Integer", "DateTime", "Reference", "Binary"]
FlowType: TypeAlias = Literal["Always", "ObjectAddOnly"]
FlowAction: TypeAlias = Literal["Add", "Update", "Delete"]


class AttributeDefinition(Struct, frozen=True):
    """One attribute that the target holds, and what it takes."""

    name: str
    type: AttributeType = "String"
    required: bool = False
    multivalued: bool = False
    case_exact: bool = False
    max_length: int | None = None


class AttributeMapping(Struct, frozen=True):
    """One target attribute and the expression that gives its value.

    `source` is an expression: `[mail]` is direct, `"text"` a constant, anything else is computed; None leaves
    the attribute alone but for `default`, which is used on creation only, where the source gives nothing.
    A `matching_priority` above 0 marks a matching attribute; the lowest is tried first.
    """

    target: str
    source: str | None
    flow_type: FlowType = "Always"
    matching_priority: int = 0
    default: str | None = None


class ObjectMapping(Struct, frozen=True):
    """One pair of object types, such as User to User, and what flows between them."""

    name: str
    source: ResourceType
    target: ResourceType
    attributes: tuple[AttributeDefinition, ...]
    mappings: tuple[AttributeMapping, ...]
    enabled: bool = True
    flow_types: frozenset[FlowAction] = frozenset({"Add", "Update"})

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
