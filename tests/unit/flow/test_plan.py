"""What becomes of one entry: scope, map, match and plan, as pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.domain.assignment import AppRole
from provisor.domain.change import Adopt, Change, Create, Delete, Disable, Disputed, Reason, Skip, Update
from provisor.domain.error import EntryError, InvalidValue, ValueTooLong
from provisor.domain.resource import Account, Attributes, Entry, Link
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping
from provisor.flow.in_scope import InScope, OutOfScope, in_scope
from provisor.flow.map import Desired, LeftOut, MappingProgram, compile_mapping, map_entry
from provisor.flow.match import claims, match
from provisor.flow.plan import plan, plan_leaver, plan_left_out
from provisor.flow.record import record
from provisor.ledger import Holder, Line

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ORGANIZER = AppRole("r1", "organizer", "Organizer", priority=10)
MANAGER = AppRole("r2", "manager", "Manager", priority=50)
DEFAULT = AppRole("r0", "", "Default Access", provisions=False)


def mapping(**changes: Any) -> ObjectMapping:
    values: dict[str, Any] = {
        "name": "Users",
        "source": "User",
        "target": "User",
        "attributes": (
            AttributeDefinition("email", required=True, max_length=40),
            AttributeDefinition("firstName", required=True, case_exact=True, max_length=32),
            AttributeDefinition("title"),
            AttributeDefinition("active", type="Boolean"),
            AttributeDefinition("appRoles", multivalued=True, required=True),
        ),
        "mappings": (
            AttributeMapping("email", "[mail]", matching_priority=1),
            AttributeMapping("firstName", "[givenName]"),
            AttributeMapping("title", "[jobTitle]", default="Employee"),
            AttributeMapping("active", "Not([IsSoftDeleted])"),
            AttributeMapping("appRoles", "[appRoleAssignments]"),
        ),
    }
    return ObjectMapping(**{**values, **changes})


PROGRAM = compile_mapping(mapping())


def person(**attributes: Any) -> Entry:
    return Entry("p1", "User", {"mail": "ada@x.example", "givenName": "Ada", "accountEnabled": True, **attributes})


def link_of(entry: Entry, program: MappingProgram = PROGRAM, **changes: Any) -> Link:
    """The link as creating this very entry would have left it."""
    change = decide(entry, program=program)
    assert isinstance(change.action, Create)
    account = Account("a1", change.action.desired, active=True)
    outcome = record(Line(1, change, None), account, NOW, NOW)
    assert outcome.link is not None
    values = {name: getattr(outcome.link, name) for name in Link.__struct_fields__}
    return Link(**{**values, **changes})


def decide(
    entry: Entry,
    roles: tuple[AppRole, ...] = (ORGANIZER,),
    link: Link | None = None,
    found: tuple[Account, ...] = (),
    program: MappingProgram = PROGRAM,
    **matching: Any,
) -> Change:
    scope = in_scope(entry, roles)
    if isinstance(scope, OutOfScope):
        return plan_leaver(entry, scope, link, program.mapping)
    assert isinstance(scope, InScope), "without a filter there is no doubt"
    desired = map_entry(entry, scope, program)
    if isinstance(desired, LeftOut):
        return plan_left_out(entry, desired)
    return plan(entry, desired, match(entry, link, found, matching.pop("holders", {}), **matching), program)


def test_an_assigned_person_without_an_account_gets_one() -> None:
    change = decide(person())
    assert change.action == Create(
        {"email": "ada@x.example", "firstName": "Ada", "title": "Employee", "active": True, "appRoles": ["organizer"]}
    )


def test_default_access_provisions_nobody_and_says_so() -> None:
    change = decide(person(), roles=(DEFAULT,))
    assert change.action == Skip("skipped", "scoping")
    assert change.reason == Reason("NotEffectivelyEntitled", {"role": "Default Access"})


def test_default_access_beside_a_real_role_does_no_harm() -> None:
    assert isinstance(decide(person(), roles=(ORGANIZER, DEFAULT)).action, Create)


def test_a_disabled_person_is_not_created() -> None:
    assert decide(person(accountEnabled=False)).reason.code == "AccountDisabled"


@pytest.mark.parametrize(
    ("entry", "roles", "reason"),
    [
        (person(accountEnabled=False), (ORGANIZER,), "AccountDisabled"),
        (person(), (), "NotAssigned"),
        (person(), (DEFAULT,), "NotEffectivelyEntitled"),
        (Entry("p1", "User", {"mail": "ada@x.example"}, deleted_at=NOW), (ORGANIZER,), "SoftDeleted"),
        (Entry("p1", "User", {}, purged=True), (), "DeletedForGood"),
    ],
)
def test_a_leaver_with_a_link_is_disabled(entry: Entry, roles: tuple[AppRole, ...], reason: str) -> None:
    link = link_of(person())
    change = decide(entry, roles=roles, link=link)
    assert change.action == Disable(link)
    assert change.reason.code == reason


def test_a_leaver_is_disabled_even_when_the_mail_was_cleared() -> None:
    link = link_of(person())
    assert isinstance(decide(person(mail=None, accountEnabled=False), link=link).action, Disable)


def test_an_account_we_never_linked_is_left_alone() -> None:
    found = (Account("a1", {"email": "ada@x.example"}),)
    assert decide(person(), roles=(), found=found).action == Skip("skipped", "scoping")


def test_a_leaver_who_is_disabled_already_is_left_alone() -> None:
    link = link_of(person(), believed_active=False)
    assert decide(person(), roles=(), link=link).action == Skip("redundant", "scoping")


def test_nothing_is_deleted_unless_delete_is_on() -> None:
    link = link_of(person())
    purged = Entry("p1", "User", {}, purged=True)
    assert isinstance(decide(purged, roles=(), link=link).action, Disable)
    deleting = compile_mapping(mapping(flow_types=frozenset({"Add", "Update", "Delete"})))
    assert decide(purged, roles=(), link=link, program=deleting).action == Delete(link)


def test_without_update_a_leaver_cannot_be_disabled_and_that_is_a_failure() -> None:
    link = link_of(person())
    creating = compile_mapping(mapping(flow_types=frozenset({"Add"})))
    change = decide(person(), roles=(), link=link, program=creating)
    assert change.action == Skip("failed")


def test_a_rename_is_one_difference() -> None:
    change = decide(person(givenName="Augusta"), link=link_of(person()))
    assert isinstance(change.action, Update)
    assert [(d.attribute, d.old, d.new) for d in change.action.differences] == [("firstName", "Ada", "Augusta")]


def test_a_difference_in_case_counts_only_where_the_attribute_says_so() -> None:
    link = link_of(person())
    assert decide(person(mail="ADA@x.example"), link=link).action == Skip("redundant")
    assert isinstance(decide(person(givenName="ADA"), link=link).action, Update)


def test_the_order_of_roles_is_no_difference() -> None:
    both = link_of(person())
    link = Link("p1", "a1", {**both.sent, "appRoles": ["manager", "organizer"]}, None, True, {}, NOW)
    assert decide(person(), roles=(ORGANIZER, MANAGER), link=link).action == Skip("redundant")


def test_a_cleared_value_is_left_alone_in_the_target() -> None:
    link = link_of(person(jobTitle="Countess"))
    assert decide(person(), link=link).action == Skip("redundant")


def test_a_default_is_used_on_creation_only() -> None:
    link = link_of(person(jobTitle="Countess"))
    assert link.sent["title"] == "Countess"
    change = decide(person(), found=(Account("a1", {"email": "ada@x.example", "title": "Other"}),))
    assert isinstance(change.action, Adopt)
    assert "title" not in {d.attribute for d in change.action.differences}


def test_one_who_comes_back_is_enabled_again() -> None:
    link = link_of(person())
    disabled = record(
        Line(1, decide(person(), roles=(), link=link), None),
        Account("a1", {**link.sent, "active": False, "appRoles": []}, active=False),
        NOW,
        NOW,
    ).link
    assert disabled is not None
    assert not disabled.believed_active
    change = decide(person(), link=disabled)
    assert isinstance(change.action, Update)
    assert {d.attribute for d in change.action.differences} == {"active", "appRoles"}


def test_an_existing_account_is_taken_over_and_said_so() -> None:
    account = Account("a7", {"email": "Ada@X.example", "firstName": "A.", "active": True})
    change = decide(person(), found=(account,))
    assert isinstance(change.action, Adopt)
    assert {d.attribute for d in change.action.differences} == {"firstName", "appRoles"}


def test_two_matching_accounts_are_an_error_that_names_both() -> None:
    change = decide(person(), found=(Account("a1", {}), Account("a2", {})))
    assert change.action == Skip("disputed", "matching")
    assert change.reason == Reason("DuplicateTargetEntries", {"accounts": "a1, a2"})


def test_an_account_that_another_entry_holds_is_not_taken() -> None:
    change = decide(person(), found=(Account("a1", {}),), holders={"a1": Holder("p2", "bob (p2)")})
    assert change.reason == Reason("EntryConflict", {"account": "a1", "entry": "bob (p2)"})


def test_the_connections_own_account_is_never_taken() -> None:
    change = decide(person(), found=(Account("a1", {}),), own_account="a1")
    assert change.reason.code == "OwnAccount"


def test_a_missing_required_attribute_names_it_and_its_source() -> None:
    there = (Account("a7", {"email": "ada@x.example"}),)
    known: tuple[dict[str, Any], ...] = ({}, {"link": link_of(person())}, {"found": there})
    for held in known:
        change = decide(person(givenName=None), **held)
        assert change.action == Skip("failed")
        assert change.reason == Reason("MissingValues", {"attribute": "firstName", "source": "[givenName]"})


def test_a_value_that_is_too_long_names_attribute_and_limit() -> None:
    with pytest.raises(ValueTooLong) as refused:
        decide(person(givenName="A" * 33))
    assert refused.value.reason.parameters == {"attribute": "firstName", "length": "33", "limit": "32"}


def test_several_values_for_one_are_refused() -> None:
    with pytest.raises(InvalidValue):
        decide(person(givenName=["Ada", "Augusta"]))


def test_without_a_matching_value_there_is_no_claim() -> None:
    scope = in_scope(person(mail=None), (ORGANIZER,))
    assert isinstance(scope, InScope)
    desired = map_entry(person(mail=None), scope, PROGRAM)
    assert isinstance(desired, Desired)
    assert claims(desired, PROGRAM) == ()


texts = st.none() | st.text(max_size=45) | st.booleans() | st.integers() | st.lists(st.text(max_size=5), max_size=3)


@given(
    st.dictionaries(st.sampled_from(["mail", "givenName", "jobTitle", "accountEnabled"]), texts),
    st.sets(st.sampled_from(["organizer", "manager", "default"])),
    st.none() | st.dictionaries(st.sampled_from(["email", "firstName", "title", "active", "appRoles"]), texts),
)
def test_planning_after_applying_yields_only_skip(
    attributes: dict[str, Any], held: set[str], existing: dict[str, Any] | None
) -> None:
    """Whatever person and target look like: what is carried out is not planned again, on the way in, out and back."""
    offered = {"organizer": ORGANIZER, "manager": MANAGER, "default": DEFAULT}
    roles = tuple(offered[name] for name in sorted(held))
    entry = Entry("p1", "User", attributes)
    try:
        first = decide(entry, roles, found=() if existing is None else (Account("a1", existing),))
    except EntryError:
        return  # said before anything is sent
    if isinstance(first.action, Skip):
        return
    link = applied(first, existing or {})
    assert decide(entry, roles, link).action == Skip("redundant")

    leaving = decide(entry, (), link)
    assert isinstance(leaving.action, Disable)
    gone = applied(leaving, {**link.sent, "active": False, "appRoles": []})
    assert decide(entry, (), gone).action == Skip("redundant", "scoping")

    back = decide(entry, roles, gone)
    assert isinstance(back.action, Update)
    assert decide(entry, roles, applied(back, gone.sent)).action == Skip("redundant")


def applied(change: Change, holds: Attributes) -> Link:
    """The link after a target that does as it is told has carried the change out."""
    desired = getattr(change.action, "desired", {})
    attributes = {**holds, **desired}
    account = Account("a1", attributes, active=not isinstance(change.action, Disable))
    link = record(Line(1, change, None), account, NOW, NOW).link
    assert link is not None
    return link


def test_a_dispute_keeps_its_reason() -> None:
    situation = match(person(), None, (Account("a1", {}), Account("a2", {})), {})
    assert isinstance(situation, Disputed)
