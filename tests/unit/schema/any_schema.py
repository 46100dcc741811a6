"""Any schema that may be saved."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from provisor.domain.directory import HELD
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    AttributeType,
    FilterClause,
    FilterGroup,
    FlowType,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.flow.map import OBJECT_FILTER

names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
added = names.map(lambda name: "extension_" + name.replace("[", "").replace("]", ""))
types: st.SearchStrategy[AttributeType] = st.sampled_from(("String", "DateTime", "Reference", "Binary"))
definitions = st.builds(
    AttributeDefinition,
    name=names.map(lambda name: f"x{name}"),
    type=types,
    multivalued=st.booleans(),
    case_exact=st.booleans(),
    max_length=st.none() | st.integers(20, 10**9 - 1),
    mutability=st.sampled_from(("ReadWrite", "ReadOnly", "Immutable", "WriteOnly")),
    filterable=st.booleans(),
)
sources = st.one_of(
    st.sampled_from(sorted(HELD["User"].keys() - {"appRoleAssignments"})).map(lambda name: f'Join("", [{name}])'),
    st.sampled_from(
        (
            'IIF([department] = "Sales", "x", IgnoreAttributeFlow)',
            'Replace([mail], "@contoso.com", , ,"", ,)',
            'Switch([country], , "DE", "1",\n"FR", "2")',
            "tolower( [mail] , )",
            'InStr([mail],"@",1,vbTextCompare)',
        )
    ),
    texts.map(lambda text: 'Append([mail], "{}")'.format(text.replace("\\", "\\\\").replace('"', '\\"'))),
)
DEFAULTS: dict[AttributeType, st.SearchStrategy[str]] = {
    "DateTime": st.just("2026-07-01T08:00:00Z"),
    "Binary": st.just("aGVsbG8="),
}
clauses = st.one_of(
    st.builds(FilterClause, st.just("department"), st.sampled_from(("EQUALS", "NOT EQUALS")), names),
    st.builds(FilterClause, st.just("department"), st.sampled_from(("IS NULL", "IS NOT NULL"))),
    st.builds(FilterClause, st.just("employeeId"), st.just("GREATER_THAN_OR_EQUALS"), st.just("100")),
)
groups = st.builds(FilterGroup, names, st.lists(clauses, min_size=1, max_size=3).map(tuple))


CHANGING = ("Now()", "Guid()", "RandomString(8, 0, 0, 0, 0)")
UNIQUE = ("SelectUniqueValue([mail], [userPrincipalName])", "SelectUniqueValue(Guid())")
HIDDEN = ("Redact([employeeId])", 'Redact(Append([employeeId], "-1"))')
FILTERING = AttributeMapping(OBJECT_FILTER, 'IIF([country] = "DE", IgnoreObjectFlow, "False")')


def _required(one: AttributeDefinition, mapped: set[str]) -> bool:
    """May the target require it?"""
    return one.name in mapped or one.mutability == "ReadOnly"


@st.composite
def schemas(draw: st.DrawFn) -> SynchronizationSchema:
    """Any that may be saved."""
    attributes = draw(st.lists(definitions, max_size=6, unique_by=lambda one: one.name.casefold()))
    mappings = [AttributeMapping("userName", draw(sources), matching_priority=draw(st.integers(1, 9)))]
    for one in attributes:
        if one.mutability == "ReadOnly" or not draw(st.booleans()):
            continue
        flow: st.SearchStrategy[FlowType] = st.sampled_from(
            ("Always", "ObjectAddOnly", *["MultiValueAddOnly"] * one.multivalued)
        )
        default = draw(st.none() | DEFAULTS.get(one.type, names))
        usual = sources | st.sampled_from((*CHANGING, *HIDDEN, *UNIQUE * one.findable))
        source = draw(usual if default is None else st.none() | usual)
        mappings.append(
            AttributeMapping(one.name, source, draw(flow), 0, default, flow_null_values=draw(st.booleans()))
        )
    if draw(st.booleans()):
        mappings.append(replace(FILTERING, flow_null_values=draw(st.booleans())))
    given = {one.target for one in mappings if not one.flow_null_values}
    key = AttributeDefinition("userName", required=True)
    mapping = ObjectMapping(
        name=draw(names),
        source="User",
        target="User",
        attributes=(key, *(replace(one, required=_required(one, given) and draw(st.booleans())) for one in attributes)),
        mappings=tuple(mappings),
        flow_types=frozenset(draw(st.sets(st.sampled_from(("Add", "Update", "Delete"))))),
        scope_filter=tuple(draw(st.lists(groups, max_size=3))),
        source_attributes=tuple(
            replace(one, name=name) for name, one in draw(st.dictionaries(added, definitions, max_size=3)).items()
        ),
    )
    return SynchronizationSchema((mapping,))
