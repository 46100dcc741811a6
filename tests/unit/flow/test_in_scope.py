"""Who is in scope: assignment, setting, filter, and what becomes of who is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from provisor.domain.assignment import AppRole
from provisor.domain.change import Delete, Disable, Reason, Skip
from provisor.domain.job import Job
from provisor.domain.log import Scoping
from provisor.domain.resource import Entry, Link
from provisor.domain.schema import AttributeDefinition, AttributeMapping, FilterClause, FilterGroup, ObjectMapping
from provisor.flow.in_scope import (
    InScope,
    OutOfScope,
    Rules,
    Scope,
    Undecided,
    compile_rules,
    in_scope,
    without_role,
)
from provisor.flow.plan import plan_leaver

NOW = datetime(2026, 1, 5, tzinfo=UTC)
MEMBER = AppRole("r1", "member", "Member")
DEFAULT = AppRole("r0", "", "Default Access", provisions=False)
LINK = Link("p1", "a1", {}, None, believed_active=True, grants={}, since=NOW)
JOB = Job("j", "a", "d", "Active", timedelta(minutes=20), None, 1)
MAPPING = ObjectMapping(
    "Users",
    "User",
    "User",
    attributes=(AttributeDefinition("role", required=True), AttributeDefinition("mail", required=True)),
    mappings=(AttributeMapping("mail", "[mail]"), AttributeMapping("role", "[appRoleAssignments]")),
    flow_types=frozenset({"Add", "Update", "Delete"}),
)


def rules(*clauses: FilterClause, **job: Any) -> Rules:
    groups = (FilterGroup("scope", clauses),) if clauses else ()
    return compile_rules(replace(MAPPING, scope_filter=groups), replace(JOB, **job))


def person(**changes: Any) -> Entry:
    attributes = {"mail": "ada@x.example", "department": "Sales", "accountEnabled": True}
    values: dict[str, Any] = {"attributes": attributes | changes.pop("attributes", {})}
    return replace(Entry("p1", "User", {}), **values, **changes)


SALES = FilterClause("department", "EQUALS", "Sales")
ADULTS = FilterClause("age", "GREATER_THAN_OR_EQUALS", "18")


def why(scope: Scope) -> str:
    assert isinstance(scope, OutOfScope)
    return scope.reason.code


def test_assignment_and_filter_are_both_needed() -> None:
    ops = person(attributes={"department": "Ops"})
    assert isinstance(in_scope(person(), (MEMBER,), rules(SALES)), InScope)
    assert why(in_scope(ops, (MEMBER,), rules(SALES))) == "NotInProvisioningScope"
    assert why(in_scope(person(), (), rules(SALES))) == "NotAssigned"
    assert why(in_scope(person(), (DEFAULT,), rules(SALES))) == "NotEffectivelyEntitled"


def test_the_reason_names_the_clause_that_keeps_somebody_out() -> None:
    scope = in_scope(person(attributes={"department": "Ops"}), (MEMBER,), rules(SALES))
    assert isinstance(scope, OutOfScope)
    assert scope.reason == Reason("NotInProvisioningScope", {"failed": "scope.department EQUALS Sales"})


def test_with_scope_all_the_filter_alone_decides() -> None:
    everybody = rules(SALES, scope="all")
    for roles, held in (((), ()), ((DEFAULT,), ()), ((MEMBER, DEFAULT), (MEMBER,))):
        scope = in_scope(person(), roles, everybody)
        assert isinstance(scope, InScope)
        assert scope.roles == held
    assert why(in_scope(person(attributes={"department": None}), (MEMBER,), everybody)) == "NotInProvisioningScope"
    assert isinstance(in_scope(person(attributes={"department": None}), (), rules(scope="all")), InScope)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attributes": {"accountEnabled": False}}, "AccountDisabled"),
        ({"deleted_at": NOW}, "SoftDeleted"),
        ({"purged": True}, "DeletedForGood"),
    ],
)
def test_scope_all_does_not_bring_in_who_is_disabled_or_deleted(changes: dict[str, Any], code: str) -> None:
    assert why(in_scope(person(**changes), (), rules(scope="all"))) == code


def test_what_the_log_tells_of_the_scoping_step() -> None:
    scope = in_scope(person(attributes={"age": "x"}), (DEFAULT,), rules(SALES, ADULTS))
    assert scope.scoping == Scoping(
        entitled=False,
        clauses={"scope.department EQUALS Sales": True, "scope.age GREATER_THAN_OR_EQUALS 18": None},
    )
    assert scope.scoping.details == {
        "IsActive": True,
        "Assigned": True,
        "IsEffectivelyEntitledForProvisioning": False,
        "ScopeSyncAll": False,
        "ScopeEvaluationResult": {
            "scope.department EQUALS Sales": True,
            "scope.age GREATER_THAN_OR_EQUALS 18": None,
        },
    }


def test_who_is_in_scope_without_a_filter_costs_the_log_nothing() -> None:
    assert in_scope(person(), (MEMBER,)).scoping is None


def test_a_doubt_about_the_filter_matters_only_for_who_would_be_in_scope() -> None:
    doubtful, adults = person(attributes={"age": "old"}), rules(ADULTS)
    assert isinstance(in_scope(doubtful, (MEMBER,), adults), Undecided)
    assert why(in_scope(doubtful, (), adults)) == "NotAssigned"
    assert why(in_scope(replace(doubtful, purged=True), (MEMBER,), adults)) == "DeletedForGood"
    assert why(in_scope(replace(doubtful, deleted_at=NOW), (MEMBER,), adults)) == "SoftDeleted"


# ---- who is in scope no longer ------------------------------------------------------------------------


def leave(entry: Entry, roles: tuple[AppRole, ...], rules: Rules) -> tuple[object, str]:
    scope = in_scope(entry, roles, rules)
    assert isinstance(scope, OutOfScope)
    change = plan_leaver(entry, scope, LINK, MAPPING)
    return change.action, change.reason.code


def test_who_is_filtered_out_is_disabled() -> None:
    ops = person(attributes={"department": "Ops"})
    assert leave(ops, (MEMBER,), rules(SALES)) == (Disable(LINK), "NotInProvisioningScope")
    gone = person(attributes={"department": None})
    assert leave(gone, (MEMBER,), rules(SALES)) == (Disable(LINK), "NotInProvisioningScope")


def test_who_is_filtered_out_and_deleted_for_good_is_deleted() -> None:
    gone = Entry("p1", "User", {"displayName": "Ada"}, purged=True)
    for kept in (False, True):
        assert leave(gone, (), rules(SALES, skip_out_of_scope=kept)) == (Delete(LINK), "DeletedForGood")


def test_out_of_scope_deletions_are_skipped_where_that_is_set() -> None:
    skipping = rules(SALES, skip_out_of_scope=True)
    ops = person(attributes={"department": "Ops"})
    for entry, roles in ((ops, (MEMBER,)), (person(), ()), (person(), (DEFAULT,))):
        assert leave(entry, roles, skipping) == (Skip("skipped", "scoping"), "LeftAlone")


@pytest.mark.parametrize("roles", [(), (MEMBER,)])
@pytest.mark.parametrize("department", ["Sales", "Ops"])
def test_who_is_disabled_or_deleted_in_the_directory_is_disabled_all_the_same(
    roles: tuple[AppRole, ...], department: str
) -> None:
    skipping = rules(SALES, skip_out_of_scope=True)
    blocked = person(attributes={"accountEnabled": False, "department": department})
    recycled = person(attributes={"department": department}, deleted_at=NOW)
    assert leave(blocked, roles, skipping)[0] == Disable(LINK)
    assert leave(recycled, roles, skipping)[0] == Disable(LINK)


# ---- roles ------------------------------------------------------------------------


def test_who_needs_a_role_and_holds_none_is_told_so() -> None:
    everybody = rules(scope="all")
    missing = without_role(InScope(()), {"mail": "x"}, everybody)
    assert missing is not None
    assert missing.reason == Reason("NoRoleHeld", {"attribute": "role"})
    assert without_role(InScope((MEMBER,)), {"mail": "x"}, everybody) is None
    assert without_role(InScope(()), {"mail": "x", "role": "guest"}, everybody) is None
    assert without_role(InScope(()), {"role": "guest"}, everybody) is None, "the mail is missing for another reason"
