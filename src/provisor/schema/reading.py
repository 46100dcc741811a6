"""A schema out of Microsoft Graph's synchronizationSchema: ours, or one that Entra exported. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast, get_args

import msgspec

from provisor.domain.change import Reason
from provisor.domain.directory import HELD
from provisor.domain.resource import ResourceType
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    AttributeType,
    FilterClause,
    FilterGroup,
    FilterOperator,
    FlowAction,
    FlowType,
    Mutability,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.expression.parse import MAXIMUM_DEPTH
from provisor.schema.fault import Fault, Places, SchemaRefused
from provisor.schema.members import Members, Notes
from provisor.schema.source import text_of
from provisor.schema.validate import LARGEST_LENGTH, faults

MAXIMUM_SIZE: Final = 4 << 20  # bytes
BOM: Final = b"\xef\xbb\xbf"


def _folded(kind: Any) -> dict[str, Any]:
    return {each.casefold(): each for each in get_args(kind)}


_TYPES: Final[Mapping[str, AttributeType]] = _folded(AttributeType)
_MUTABILITY: Final[Mapping[str, Mutability]] = _folded(Mutability)
_FLOWS: Final[Mapping[str, FlowType]] = _folded(FlowType)
_ACTIONS: Final[Mapping[str, FlowAction]] = _folded(FlowAction)
OPERATORS: Final[Mapping[str, FilterOperator]] = {
    key.replace("_", " "): one for key, one in _folded(FilterOperator).items()
}
_SOURCES: Final = {"attribute": "Attribute", "constant": "Constant", "function": "Function"}


def operator_named(text: str) -> FilterOperator | None:
    """An operator in any case, with `_` as good as a blank: Graph's own spelling varies."""
    return OPERATORS.get(text.strip().casefold().replace("_", " "))


def read_schema(document: bytes, present: SynchronizationSchema | None = None) -> SynchronizationSchema:
    """The schema that a JSON document holds, free of faults; raises SchemaRefused with all that there are.

    What an object mapping may do (`flowTypes`) stays as it is at `present` where the document does not say: Graph's
    own default would switch Delete on.
    """
    notes = Notes()
    found, places = _Reader(notes, present).schema(_decoded(document))
    if notes.whole:
        notes.faults += faults(found, places)
    if notes.faults:
        raise SchemaRefused(notes.faults)
    return found


def _decoded(document: bytes) -> object:
    if len(document) > MAXIMUM_SIZE:
        raise SchemaRefused([Fault("$", Reason("SchemaTooLarge", {"limit": f"{MAXIMUM_SIZE >> 20} MB"}))])
    try:
        return msgspec.json.decode(document.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SchemaRefused([Fault("$", Reason("SchemaUnreadable", {"problem": str(error)[:200]}))]) from None
    except RecursionError:
        raise SchemaRefused([Fault("$", Reason("SchemaUnreadable", {"problem": "it is nested too deeply"}))]) from None


class _Reader:
    """One document. Directories are read where a rule names them: in theirs alone it says what they hold."""

    def __init__(self, notes: Notes, present: SynchronizationSchema | None) -> None:
        self.notes, self.present = notes, present
        self.directories: dict[str, dict[str, tuple[str, Members]]] = {}

    def schema(self, document: object) -> tuple[SynchronizationSchema, list[Places]]:
        root = self.notes.members(
            document, "", ("directories", "synchronizationRules"), ("id", "version", "provisioningTaskIdentifier")
        )
        for name in ("directories", "synchronizationRules"):
            if name not in root and isinstance(document, dict):
                root.missing(name)
        for path, item in root.items("directories"):
            self.directory(item, path)
        found: list[tuple[ObjectMapping, Places]] = []
        for path, item in root.items("synchronizationRules"):
            found += self.rule(item, path)
        return SynchronizationSchema(tuple(one for one, _ in found)), [place for _, place in found]

    # ---- directories ------------------------------------------------------------------------------------------------

    def directory(self, item: object, path: str) -> None:
        passed_over = ("id", "readOnly", "version", "discoveryDateTime", "discoverabilities")
        one = self.notes.members(item, path, ("name", "objects"), passed_over)
        objects = self.directories.setdefault(one.needed("name"), {})
        for place, held in one.items("objects"):
            object_ = self.notes.members(held, place, ("name", "attributes"), ("metadata", "supportedApis"))
            objects.setdefault(object_.needed("name"), (object_.at("attributes"), object_))

    def attributes(self, holder: Members) -> list[AttributeDefinition]:
        return [self.attribute(item, path)[0] for path, item in holder.items("attributes")]

    def added(self, holder: Members, held: Mapping[str, AttributeDefinition]) -> list[AttributeDefinition]:
        """What an admin added to a directory: Entra exports all that its own directory has."""
        found = [self.attribute(item, path) for path, item in holder.items("attributes")]
        ours = (one for one, added in found if added or one.name.startswith("extension"))
        return [one for one in ours if one.name not in held]

    def attribute(self, item: object, path: str) -> tuple[AttributeDefinition, bool]:
        """An attribute, and whether its metadata say that a customer defined it."""
        known = (
            "name",
            "type",
            "required",
            "multivalued",
            "caseExact",
            "mutability",
            "anchor",
            "filterable",
            "metadata",
        )
        passed_over = ("defaultValue", "flowNullValues", "referencedObjects", "apiExpressions")
        one = self.notes.members(item, path, known, passed_over)
        metadata = self.metadata(one)
        length = metadata.get("MaximumLength", "")
        mutability = one.choice("mutability", _MUTABILITY, "ReadWrite")
        definition = AttributeDefinition(
            name=one.needed("name"),
            type=one.choice("type", _TYPES, "String"),
            required=one.flag("required", otherwise=False),
            multivalued=one.flag("multivalued", otherwise=False),
            case_exact=one.flag("caseExact", otherwise=False),
            max_length=int(length) if length.isdecimal() and len(length) <= len(str(LARGEST_LENGTH)) else None,
            mutability="ReadOnly" if one.flag("anchor", otherwise=False) else mutability,
            filterable=one.flag("filterable", otherwise=True),
        )
        return definition, metadata.get("IsCustomerDefined", "").casefold() == "true"

    def metadata(self, holder: Members) -> dict[str, str]:
        """Graph writes some of the values as JSON within the text."""
        entries = [item for _, item in holder.items("metadata") if isinstance(item, dict)]
        return {str(one.get("key")): str(one.get("value")).strip('"') for one in entries}

    # ---- rules ------------------------------------------------------------------------------------------------------

    def rule(self, item: object, path: str) -> list[tuple[ObjectMapping, Places]]:
        known = ("sourceDirectoryName", "targetDirectoryName", "objectMappings", "containerFilter", "groupFilter")
        one = self.notes.members(item, path, known, ("id", "name", "editable", "priority", "metadata"))
        one.unused("containerFilter", "groupFilter")
        sides = [self.named(one, name) for name in ("sourceDirectoryName", "targetDirectoryName")]
        return [self.object_mapping(held, place, *sides) for place, held in one.items("objectMappings")]

    def named(self, rule: Members, member: str) -> Mapping[str, tuple[str, Members]]:
        name = rule.needed(member)
        if name and name not in self.directories:
            self.notes.whole = False
            self.notes.fault(rule.at(member), Reason("DirectoryNotDefined", {"name": name}))
        return self.directories.get(name, {})

    def object_mapping(
        self,
        item: object,
        path: str,
        sources: Mapping[str, tuple[str, Members]],
        targets: Mapping[str, tuple[str, Members]],
    ) -> tuple[ObjectMapping, Places]:
        known = ("name", "enabled", "flowTypes", "sourceObjectName", "targetObjectName", "attributeMappings", "scope")
        one = self.notes.members(item, path, known, ("metadata",))
        source, source_place, source_holder = self.object_named(one, "sourceObjectName", sources)
        target, target_place, target_holder = self.object_named(one, "targetObjectName", targets)
        mapping = ObjectMapping(
            name=one.needed("name"),
            source=source,
            target=target,
            attributes=tuple(self.attributes(target_holder)) if target_holder else (),
            mappings=tuple(self.mapping(held, place) for place, held in one.items("attributeMappings")),
            enabled=one.flag("enabled", otherwise=True),
            flow_types=self.flow_types(one, source),
            scope_filter=self.scope(one),
            source_attributes=tuple(self.added(source_holder, HELD[source])) if source_holder else (),
        )
        return mapping, Places(path, source_place, target_place)

    def object_named(
        self, one: Members, member: str, objects: Mapping[str, tuple[str, Members]]
    ) -> tuple[ResourceType, str, Members | None]:
        """The type that an object's name means, where its attributes stand, and the object."""
        name = one.needed(member)
        kind = {"user": "User", "group": "Group"}.get(name.rpartition(":")[2].casefold())
        if name and kind is None:
            self.notes.whole = False
            one.none_of(member, name, {"user": "User", "group": "Group"})
        if name and name not in objects and objects:
            self.notes.whole = False
            self.notes.fault(one.at(member), Reason("ObjectNotDefined", {"name": name}))
        place, holder = objects.get(name, ("", None))
        return cast("ResourceType", kind or "User"), place, holder

    def flow_types(self, one: Members, source: ResourceType) -> frozenset[FlowAction]:
        text = one.text("flowTypes")
        if text is None:
            kept = next((each for each in (self.present or _NOTHING).object_mappings if each.source == source), None)
            return kept.flow_types if kept else frozenset(("Add", "Update"))
        words = {word.strip().casefold() for word in text.split(",")} - {"", "none"}
        if not words <= _ACTIONS.keys():
            one.none_of("flowTypes", text, _ACTIONS)
        return frozenset(_ACTIONS[word] for word in words & _ACTIONS.keys())

    # ---- mappings ---------------------------------------------------------------------------------------------------

    def mapping(self, item: object, path: str) -> AttributeMapping:
        known = ("targetAttributeName", "source", "defaultValue", "matchingPriority", "flowType", "flowNullValues")
        one = self.notes.members(item, path, known, ("flowBehavior", "exportMissingReferences"))
        return AttributeMapping(
            target=one.needed("targetAttributeName"),
            source=self.source(one.value("source"), one.at("source")) if "source" in one else None,
            flow_type=one.choice("flowType", _FLOWS, "Always"),
            matching_priority=one.number("matchingPriority"),
            default=one.text("defaultValue") or None,
            flow_null_values=one.flag("flowNullValues", otherwise=False),
        )

    def source(self, item: object, path: str, depth: int = 0) -> str:
        """The text of an expression; where `parameters` say something else than it, the text rules."""
        one = self.notes.members(item, path, ("expression", "name", "type", "parameters"))
        expression = one.text("expression")
        if expression is not None and expression.strip():
            return expression
        type_ = one.choice("type", _SOURCES, "Attribute")
        name = one.text("name") if type_ == "Constant" else one.needed("name")
        if depth > MAXIMUM_DEPTH:
            self.notes.whole = False
            self.notes.fault(path, Reason("SchemaUnreadable", {"problem": "it is nested too deeply"}))
            return ""
        parameters = []
        for place, held in one.items("parameters") if type_ == "Function" else ():
            parameter = self.notes.members(held, place, ("key", "value"))
            text = self.source(parameter.value("value"), parameter.at("value"), depth + 1)
            parameters.append((parameter.needed("key"), text))
        return text_of(type_, name or "", parameters)

    # ---- scope ------------------------------------------------------------------------------------------------------

    def scope(self, holder: Members) -> tuple[FilterGroup, ...]:
        if "scope" not in holder:
            return ()
        known = ("groups", "inputFilterGroups", "categoryFilterGroups")
        one = self.notes.members(holder.value("scope"), holder.at("scope"), known, ("name",))
        one.unused("inputFilterGroups", "categoryFilterGroups")
        return tuple(self.group(item, path) for path, item in one.items("groups"))

    def group(self, item: object, path: str) -> FilterGroup:
        one = self.notes.members(item, path, ("name", "clauses"))
        clauses = (self.clause(held, place) for place, held in one.items("clauses"))
        return FilterGroup(one.text("name") or "", tuple(clauses))

    def clause(self, item: object, path: str) -> FilterClause:
        one = self.notes.members(item, path, ("sourceOperandName", "operatorName", "targetOperand"))
        written = one.needed("operatorName")
        operator = operator_named(written)
        if written and operator is None:
            one.none_of("operatorName", written, OPERATORS)
        return FilterClause(one.needed("sourceOperandName"), operator or "EQUALS", self.operand(one))

    def operand(self, clause: Members) -> str | None:
        if "targetOperand" not in clause:
            return None
        one = self.notes.members(clause.value("targetOperand"), clause.at("targetOperand"), ("values",))
        values = [value for _, value in one.items("values")]
        if len(values) > 1 or not all(isinstance(value, str) for value in values):
            one.wrong("values", "a list of one text")
        return str(values[0]) if values else None


_NOTHING: Final = SynchronizationSchema(())
