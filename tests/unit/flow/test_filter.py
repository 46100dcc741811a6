"""Scoping filters: what each operator holds of, and what is wrong with one when it is saved."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from provisor.domain.change import Reason
from provisor.domain.error import FilterUnusable
from provisor.domain.resource import Entry, Membership, Value
from provisor.domain.schema import AttributeDefinition, FilterClause, FilterGroup, FilterOperator
from provisor.flow.filter import Fault, Verdict, compile_filter, faults, uses_groups, warnings

RUNAWAY = "(a|aa)+$"
SALES = Membership("0b2f8c1e-0000-4000-8000-000000000001", "Sales")


def clause(attribute: str, operator: FilterOperator, value: str | None = None) -> FilterClause:
    return FilterClause(attribute, operator, value)


def group(*clauses: FilterClause, name: str = "scope") -> FilterGroup:
    return FilterGroup(name, clauses)


def judged(groups: tuple[FilterGroup, ...], *memberships: Membership, **attributes: Any) -> Verdict:
    compiled = compile_filter(groups)
    assert compiled is not None
    return compiled.judge(Entry("P1-ID", "User", attributes), memberships)


def holds(operator: FilterOperator, wanted: str | None, value: Value) -> bool | None:
    """None: it cannot be told."""
    verdict = judged((group(clause("it", operator, wanted)),), it=value)
    assert (verdict.undecided is not None) is (list(verdict.clauses.values()) == [None])
    return None if verdict.undecided else verdict.met


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("EQUALS", "Sales", "Sales", True),
        ("EQUALS", "Sales", "sales", False),
        ("EQUALS", "Sales", "Sales ", False),
        ("EQUALS", "7", 7, True),
        ("EQUALS", "07", 7, True),
        ("EQUALS", "7", "07", False),
        ("EQUALS", "seven", 7, False),
        ("EQUALS", "True", True, None),
        ("EQUALS", "Sales", ["Sales"], None),
        ("NOT EQUALS", "Sales", "Ops", True),
        ("NOT EQUALS", "Sales", "sales", True),
        ("NOT EQUALS", "Sales", "Sales", False),
        ("NOT EQUALS", "7", 8, True),
        ("NOT EQUALS", "Sales", ["Ops"], None),
        ("IS TRUE", None, True, True),
        ("IS TRUE", None, False, False),
        ("IS TRUE", None, "TRUE", True),
        ("IS TRUE", None, "yes", None),
        ("IS TRUE", None, 1, None),
        ("IS FALSE", None, False, True),
        ("IS FALSE", None, True, False),
        ("IS FALSE", None, "false", True),
        ("IS NULL", None, "x", False),
        ("IS NULL", None, False, False),
        ("IS NULL", None, 0, False),
        ("IS NULL", None, ["x"], False),
        ("IS NOT NULL", None, "x", True),
        ("IS NOT NULL", None, False, True),
        ("IS NOT NULL", None, 0, True),
        ("IS NOT NULL", None, ["x"], True),
        ("REGEX MATCH", "[1-9][0-9]", "42", True),
        ("REGEX MATCH", "[1-9][0-9]", 42, True),
        ("REGEX MATCH", "[1-9][0-9]", "142", False),
        ("REGEX MATCH", "(1[0-9][0-9][0-9][0-9][0-9][0-9])", "1234567", True),
        ("REGEX MATCH", r".*\@domain.com", "ada@domain.com", True),
        ("REGEX MATCH", r".*\@domain.com", "ada@domain.com.evil.example", False),
        ("REGEX MATCH", "sales", "Sales", False),
        ("REGEX MATCH", "(?i)sales", "Sales", True),
        ("REGEX MATCH", "a|bc", "bc", True),
        ("REGEX MATCH", r"\Aabc\z", "abc", True),
        ("REGEX MATCH", "[a-z-[aeiou]]+", "xyz", True),
        ("REGEX MATCH", "[a-z-[aeiou]]+", "abc", False),
        ("REGEX MATCH", r"(?<first>.)x\k<first>", "axa", True),
        ("REGEX MATCH", ".*", True, None),
        ("REGEX MATCH", ".*", ["x"], None),
        ("REGEX MATCH", RUNAWAY, "a" * 60 + "b", None),
        ("NOT REGEX MATCH", r".*\@domain.com", "ada@other.com", True),
        ("NOT REGEX MATCH", r".*\@domain.com", "ada@domain.com", False),
        ("NOT REGEX MATCH", RUNAWAY, "a" * 60 + "b", None),
        ("GREATER_THAN", "10", "11", True),
        ("GREATER_THAN", "10", "9", False),
        ("GREATER_THAN", "10", 10, False),
        ("GREATER_THAN", "-1", 0, True),
        ("GREATER_THAN", "10", "eleven", None),
        ("GREATER_THAN", "10", "11.5", None),
        ("GREATER_THAN", "10", True, None),
        ("GREATER_THAN_OR_EQUALS", "10", 10, True),
        ("GREATER_THAN_OR_EQUALS", "10", "9", False),
        ("GREATER_THAN_OR_EQUALS", "10", "٣٣", None),
        ("INCLUDES", "ales", "Sales", True),
        ("INCLUDES", "sales", "Sales", False),
        ("INCLUDES", "a@x", ["b@x", "a@x"], True),
        ("INCLUDES", "a@", ["b@x", "a@x"], False),
        ("INCLUDES", "x", True, None),
        ("ENDS_WITH", "@x", "a@x", True),
        ("ENDS_WITH", "@X", "a@x", False),
        ("ENDS_WITH", "@x", ["a@x"], None),
        ("&", "London, Paris", "Paris", True),
        ("&", "London, Paris", "paris", False),
        ("&", "London, Paris", ["Paris"], None),
        ("!&", "London, Paris", "Rome", True),
        ("!&", "London, Paris", "Paris", False),
    ],
)
def test_an_operator_holds_of(
    operator: FilterOperator, wanted: str | None, value: Value, expected: bool | None
) -> None:
    assert holds(operator, wanted, value) is expected


@pytest.mark.parametrize("operator", get_args(FilterOperator))
@pytest.mark.parametrize("nothing", [None, "", []])
def test_without_a_value_nothing_holds_but_that_there_is_none(operator: FilterOperator, nothing: Value) -> None:
    wanted = None if operator.startswith("IS ") else "7"
    assert holds(operator, wanted, nothing) is (operator == "IS NULL")


def test_an_attribute_that_nobody_brought_is_null() -> None:
    assert judged((group(clause("never", "NOT EQUALS", "x")),)).met is False
    assert judged((group(clause("never", "IS NULL")),)).met is True


def test_the_object_id_can_be_asked_for() -> None:
    assert judged((group(clause("objectId", "EQUALS", "P1-ID")),)).met


@pytest.mark.parametrize(
    ("operator", "wanted", "memberships", "expected"),
    [
        ("EQUALS", "Sales", (SALES,), True),
        ("EQUALS", "sales", (SALES,), False),
        ("EQUALS", SALES.group_id, (SALES,), True),
        ("EQUALS", SALES.group_id.upper(), (SALES,), True),
        ("EQUALS", "Sales", (), False),
        ("EQUALS", "Sales", (Membership("g2", "Ops"), SALES), True),
        ("NOT EQUALS", "Sales", (SALES,), False),
        ("NOT EQUALS", "Sales", (Membership("g2", "Ops"),), True),
        ("NOT EQUALS", "Sales", (), True),
    ],
)
def test_member_of_names_a_direct_group_by_id_or_name(
    operator: FilterOperator, wanted: str, memberships: tuple[Membership, ...], expected: bool
) -> None:
    groups = (group(clause("memberOf", operator, wanted)),)
    compiled = compile_filter(groups)
    assert compiled is not None
    assert uses_groups(groups)
    assert compiled.judge(Entry("p", "User", {}), memberships).met is expected


def test_all_clauses_of_a_group_must_hold_and_one_group_is_enough() -> None:
    groups = (
        group(clause("city", "EQUALS", "Paris"), clause("department", "EQUALS", "Sales"), name="french"),
        group(clause("department", "EQUALS", "Board"), name="board"),
    )
    assert judged(groups, city="Paris", department="Sales").met
    assert judged(groups, city="Rome", department="Board").met
    verdict = judged(groups, city="Paris", department="Ops")
    assert (verdict.met, verdict.undecided) == (False, None)
    assert verdict.clauses == {
        "french.city EQUALS Paris": True,
        "french.department EQUALS Sales": False,
        "board.department EQUALS Board": False,
    }
    assert verdict.why == "french.department EQUALS Sales; board.department EQUALS Board"


def test_no_more_than_three_clauses_are_named_as_the_reason() -> None:
    groups = tuple(group(clause("city", "EQUALS", str(at)), name=str(at)) for at in range(5))
    assert judged(groups, city="x").why == "0.city EQUALS 0; 1.city EQUALS 1; 2.city EQUALS 2; …"


def test_what_cannot_be_told_is_neither_in_scope_nor_out_of_it_unless_the_rest_settles_it() -> None:
    doubtful, yes, no = clause("age", "GREATER_THAN", "18"), clause("b", "IS TRUE"), clause("b", "IS FALSE")
    for groups, met, undecided in (
        ((group(doubtful),), False, True),
        ((group(doubtful, yes),), False, True),
        ((group(yes, doubtful),), False, True),
        ((group(doubtful, no),), False, False),
        ((group(no, doubtful),), False, False),
        ((group(doubtful), group(yes)), True, False),
        ((group(yes), group(doubtful)), True, False),
        ((group(doubtful), group(no)), False, True),
    ):
        verdict = judged(groups, age="old", b=True)
        assert (verdict.met, verdict.undecided is not None) == (met, undecided), groups


def test_what_cannot_be_told_names_the_clause_and_not_the_value() -> None:
    verdict = judged((group(clause("age", "GREATER_THAN", "18")),), age="secret")
    assert verdict.undecided is not None
    assert verdict.undecided.reason == Reason(
        "FilterUndecided", {"clause": "scope.age GREATER_THAN 18", "problem": "NotAWholeNumber"}
    )


def test_without_groups_there_is_no_filter() -> None:
    assert compile_filter(()) is None


# ---- when it is saved ----------------------------------------------------------------------------------------------

KNOWN = (
    AttributeDefinition("department"),
    AttributeDefinition("level", type="Integer"),
    AttributeDefinition("accountEnabled", type="Boolean"),
    AttributeDefinition("photo", type="Binary"),
    AttributeDefinition("employeeHireDate", type="DateTime"),
    AttributeDefinition("manager", type="Reference"),
    AttributeDefinition("otherMails", multivalued=True),
)


@pytest.mark.parametrize(
    "sound",
    [
        clause("department", "EQUALS", "Sales"),
        clause("department", "REGEX MATCH", "S.*"),
        clause("department", "GREATER_THAN", "7"),
        clause("department", "ENDS_WITH", "s"),
        clause("department", "&", "Sales, Ops"),
        clause("department", "IS NULL"),
        clause("level", "EQUALS", "7"),
        clause("level", "GREATER_THAN_OR_EQUALS", "7"),
        clause("level", "REGEX MATCH", "[0-9]"),
        clause("accountEnabled", "IS TRUE"),
        clause("accountEnabled", "IS NOT NULL"),
        clause("photo", "IS NULL"),
        clause("otherMails", "INCLUDES", "a@x"),
        clause("otherMails", "IS NULL"),
        clause("memberOf", "NOT EQUALS", "Sales"),
        clause("objectId", "EQUALS", "x"),
    ],
)
def test_a_sound_clause_has_no_fault_and_can_be_used(sound: FilterClause) -> None:
    assert faults((group(sound),), KNOWN) == []
    assert compile_filter((group(sound),)) is not None


@pytest.mark.parametrize(
    ("wrong", "place", "code"),
    [
        (clause("Department", "EQUALS", "Sales"), "sourceOperandName", "FilterAttributeUnknown"),
        (clause("manager", "IS NULL"), "sourceOperandName", "FilterAttributeUnusable"),
        (clause("appRoleAssignments", "EQUALS", "x"), "sourceOperandName", "FilterAttributeUnusable"),
        (clause("IsSoftDeleted", "IS TRUE"), "sourceOperandName", "FilterAttributeUnusable"),
        (clause("employeeHireDate", "EQUALS", "2026"), "sourceOperandName", "FilterAttributeUnusable"),
        (clause("department", "IS TRUE"), "operatorName", "FilterOperatorUnfit"),
        (clause("accountEnabled", "EQUALS", "true"), "operatorName", "FilterOperatorUnfit"),
        (clause("accountEnabled", "REGEX MATCH", "true"), "operatorName", "FilterOperatorUnfit"),
        (clause("level", "INCLUDES", "1"), "operatorName", "FilterOperatorUnfit"),
        (clause("photo", "EQUALS", "1"), "operatorName", "FilterOperatorUnfit"),
        (clause("otherMails", "EQUALS", "a@x"), "operatorName", "FilterOperatorUnfit"),
        (clause("memberOf", "INCLUDES", "Sales"), "operatorName", "FilterOperatorUnfit"),
        (clause("memberOf", "IS NULL"), "operatorName", "FilterOperatorUnfit"),
        (clause("department", "EQUALS"), "targetOperand", "FilterValueMissing"),
        (clause("department", "NOT EQUALS", ""), "targetOperand", "FilterValueMissing"),
        (clause("department", "IS NULL", "x"), "targetOperand", "FilterValueSuperfluous"),
        (clause("department", "GREATER_THAN", "7.5"), "targetOperand", "FilterValueNotInteger"),
        (clause("level", "EQUALS", "seven"), "targetOperand", "FilterValueNotInteger"),
        (clause("department", "REGEX MATCH", "(["), "targetOperand", "FilterPatternUnreadable"),
        (clause("department", "REGEX MATCH", "((a{1000}){1000}){1000}"), "targetOperand", "FilterPatternUnreadable"),
        (clause("department", "NOT REGEX MATCH", "a" * 3000), "targetOperand", "FilterPatternUnreadable"),
    ],
)
def test_a_fault_is_told_with_its_place(wrong: FilterClause, place: str, code: str) -> None:
    found = faults((group(clause("department", "IS NULL")), group(clause("level", "IS NULL"), wrong)), KNOWN)
    assert [(one.path, one.reason.code) for one in found] == [(f"[1].clauses[1].{place}", code)]


def test_what_is_perhaps_meant_is_said() -> None:
    [found] = faults((group(clause("Departement", "EQUALS", "Sales")),), KNOWN)
    assert found.reason.parameters == {"attribute": "Departement", "suggestion": "department"}
    [found] = faults((group(clause("memberof", "EQUALS", "Sales")),), KNOWN)
    assert found.reason.parameters["suggestion"] == "memberOf"


def test_all_faults_are_told_at_once() -> None:
    found = faults((group(clause("x", "EQUALS"), clause("level", "IS TRUE", "1")), group()), KNOWN)
    assert [(one.path, one.reason.code) for one in found] == [
        ("[0].clauses[0].sourceOperandName", "FilterAttributeUnknown"),
        ("[0].clauses[0].targetOperand", "FilterValueMissing"),
        ("[0].clauses[1].operatorName", "FilterOperatorUnfit"),
        ("[0].clauses[1].targetOperand", "FilterValueSuperfluous"),
        ("[1].clauses", "FilterGroupEmpty"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        group(clause("a", "REGEX MATCH", "([")),
        group(clause("a", "GREATER_THAN", "x")),
        group(clause("a", "EQUALS")),
        group(clause("memberOf", "IS NULL")),
        group(),
    ],
)
def test_a_filter_that_was_saved_with_a_fault_is_not_used(wrong: FilterGroup) -> None:
    with pytest.raises(FilterUnusable):
        compile_filter((wrong,))


@pytest.mark.parametrize(
    ("pattern", "warned"),
    [
        ("([1-9][0-9])", True),
        (r".*\@domain.com", True),
        ("^abc", True),
        (r"^abc\$", True),
        ("^a|b$", True),
        ("^abc$", False),
        (r"^abc\\$", False),
        (r"\Aabc\z", False),
        ("(?i)^abc$", False),
        ("^(a|b)$", False),
        ("^[|]$", False),
        (".*abc.*", False),
        (r".*abc\.*", True),
    ],
)
def test_a_pattern_that_elsewhere_would_match_a_part_is_warned_of(pattern: str, warned: bool) -> None:
    for operator in ("REGEX MATCH", "NOT REGEX MATCH"):
        found = warnings((group(FilterClause("department", operator, pattern)),))
        told = Fault("[0].clauses[0].targetOperand", Reason("FilterPatternUnanchored", {"pattern": pattern}))
        assert found == ([told] if warned else [])


def test_a_value_that_looks_like_a_pattern_is_not_warned_of() -> None:
    assert warnings((group(clause("department", "EQUALS", "a")),)) == []
