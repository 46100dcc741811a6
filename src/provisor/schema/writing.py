"""A schema as Microsoft Graph's synchronizationSchema, ready to be written as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from provisor.domain.directory import HELD
from provisor.domain.resource import ResourceType
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    FilterGroup,
    FilterOperator,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.schema.source import source_tree

FLOW_ORDER: Final = ("Add", "Update", "Delete")
SPELLED: Final[Mapping[FilterOperator, str]] = {
    "GREATER_THAN": "Greater_Than",
    "GREATER_THAN_OR_EQUALS": "Greater_Than_OR_EQUALS",
    "INCLUDES": "Includes",
}
"""Operators that Graph spells otherwise."""

_RULES: Final[Mapping[ResourceType, str]] = {"User": "USER_OUTBOUND_USER", "Group": "GROUP_OUTBOUND_GROUP"}


class Named(NamedTuple):
    """A directory's id and name."""

    id: str
    name: str


def schema_document(schema: SynchronizationSchema, job_id: str, source: Named, target: Named) -> Mapping[str, Any]:
    """The whole schema of a job. What is read back from it is the same schema."""
    if target.name == source.name:
        target = Named(target.id, f"{target.name} (app)")
    mappings = schema.object_mappings
    sources = [_directory_object(one) for one in mappings]
    targets = [_object(one.target, [attribute_json(each) for each in one.attributes]) for one in mappings]
    rules = [_rule(number, one, job_id, source, target) for number, one in enumerate(mappings, 1)]
    return {
        "id": job_id,
        "version": str(schema.version),
        "directories": [_directory(source, sources, read_only=True), _directory(target, targets, read_only=False)],
        "synchronizationRules": rules,
    }


def _directory(one: Named, objects: Sequence[Mapping[str, Any]], *, read_only: bool) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "readOnly": read_only,
        "discoverabilities": "None",
        "discoveryDateTime": None,
        "version": None,
        "objects": objects,
    }


def _directory_object(one: ObjectMapping) -> Mapping[str, Any]:
    held = [attribute_json(each) for each in HELD[one.source].values()]
    return _object(one.source, [*held, *(attribute_json(each, added=True) for each in one.source_attributes)])


def _object(name: str, attributes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"name": name, "supportedApis": [], "metadata": [], "attributes": attributes}


def attribute_json(one: AttributeDefinition, *, added: bool = False) -> Mapping[str, Any]:
    """An attributeDefinition. `added`: to a directory that does not have it by itself."""
    metadata = [{"key": "IsCustomerDefined", "value": "true"}] if added else []
    if one.max_length is not None:
        metadata.append({"key": "MaximumLength", "value": str(one.max_length)})
    referenced = {"manager": "User", "members": "User"}.get(one.name) if one.type == "Reference" else None
    return {
        "name": one.name,
        "type": one.type,
        "anchor": one.mutability == "ReadOnly" and one.name in ("id", "objectId"),
        "required": one.required,
        "multivalued": one.multivalued,
        "caseExact": one.case_exact,
        "mutability": one.mutability,
        "defaultValue": None,
        "flowNullValues": False,
        "referencedObjects": [{"referencedObjectName": referenced, "referencedProperty": None}] if referenced else [],
        "apiExpressions": [],
        "metadata": metadata,
        **({} if one.filterable else {"filterable": False}),
    }


def _rule(number: int, one: ObjectMapping, job_id: str, source: Named, target: Named) -> Mapping[str, Any]:
    return {
        "id": f"{job_id}.{one.source}",
        "name": _RULES[one.source],
        "editable": True,
        "priority": number,
        "sourceDirectoryName": source.name,
        "targetDirectoryName": target.name,
        "containerFilter": None,
        "groupFilter": None,
        "metadata": [],
        "objectMappings": [_object_mapping(one)],
    }


def _object_mapping(one: ObjectMapping) -> Mapping[str, Any]:
    groups = [_group(group) for group in one.scope_filter]
    scope = {"groups": groups, "inputFilterGroups": [], "categoryFilterGroups": []} if groups else None
    return {
        "name": one.name,
        "enabled": one.enabled,
        "flowTypes": ", ".join(action for action in FLOW_ORDER if action in one.flow_types) or "None",
        "sourceObjectName": one.source,
        "targetObjectName": one.target,
        "scope": scope,
        "metadata": [],
        "attributeMappings": [_mapping(each) for each in one.mappings],
    }


def _group(one: FilterGroup) -> Mapping[str, Any]:
    clauses = [
        {
            "sourceOperandName": clause.attribute,
            "operatorName": SPELLED.get(clause.operator, clause.operator),
            "targetOperand": None if clause.value is None else {"values": [clause.value]},
        }
        for clause in one.clauses
    ]
    return {"name": one.name, "clauses": clauses}


def _mapping(one: AttributeMapping) -> Mapping[str, Any]:
    return {
        "targetAttributeName": one.target,
        "source": None if one.source is None else source_tree(one.source),
        "defaultValue": one.default,
        "matchingPriority": one.matching_priority,
        "flowType": one.flow_type,
        "flowBehavior": "FlowWhenChanged",
        "exportMissingReferences": False,
        **({"flowNullValues": True} if one.flow_null_values else {}),
    }
